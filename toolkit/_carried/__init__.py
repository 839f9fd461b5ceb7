"""What the wheel carries beside its code: infra/, schemas/ and tools/pulumi/. In a checkout they lie where they are."""
