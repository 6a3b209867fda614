"""Which contacts share the credit for conversions, and what randomised trials say campaigns really did. See README.md."""
