// SPDX-License-Identifier: Apache-2.0

// Fuzzing: what must hold of any bytes whatever, as functions that stop the program when it does not.
//
// Start at `FuzzTarget`. libFuzzer calls these with inputs of its own making (`make fuzz`); the tests call them with
// the inputs that it kept. Not for checking what a valid spec or message means: other tests do that.
