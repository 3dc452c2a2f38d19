"""`python -m domaingen` is the command."""

from domaingen.cli import main

if __name__ == "__main__":
    main()
