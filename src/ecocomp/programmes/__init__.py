"""National and local programmes as rule files: who may join, what is owed, what a contract must say."""
