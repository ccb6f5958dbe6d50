// SPDX-License-Identifier: Apache-2.0

/// How a boot script ended.
enum IPXEOutcome: Hashable, Sendable {
  /// `boot`: a kernel with its command line.
  case boot(kernel: String, arguments: [String])
  /// `sanboot --drive 0x80`: the first disk.
  case disk
  /// `exit`, or the end of the script: the firmware goes on with the next boot device.
  case exit
  case reboot
  case poweroff
  /// A command failed, and nothing caught it.
  case failed(String)
}
