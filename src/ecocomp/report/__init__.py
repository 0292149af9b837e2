"""The illustrated yearly report of a bundle (HTML and PDF, Chinese and English) and the letter to a holder.

For everyone who asks what was protected, who was paid how much, and whether it helped. Built from the
tables of a bundle and nothing else; the same bundle gives the same bytes.
"""
