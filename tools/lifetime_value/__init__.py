"""What customers will be worth: purchasing and spending models, back-tested against naive rules. See README.md."""
