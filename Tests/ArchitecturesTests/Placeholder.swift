// Tests of Architectures.
