"""The office: registers with history, in one database, for those who keep the land book and those who ask it."""
