// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Every figure at once, also into a pipe: measuring takes long, and what comes later may fail.
func print(_ line: String) {
  Swift.print(line)
  fflush(nil)
}
