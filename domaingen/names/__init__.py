"""What makes a string a good domain name: checks, sound, ranking."""
