"""How good a name is: the prototype's four rules and judges of relevance, memorability and brandability."""
