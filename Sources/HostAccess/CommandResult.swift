// SPDX-License-Identifier: Apache-2.0

/// The result of a program that has ended.
package struct CommandResult: Sendable {
  /// Its exit status, or 128 plus the signal that ended it, as a shell would say.
  package var status: Int32
  package var stdout: [UInt8]
  package var stderr: [UInt8]

  package init(status: Int32, stdout: [UInt8] = [], stderr: [UInt8] = []) {
    self.status = status
    self.stdout = stdout
    self.stderr = stderr
  }

  package var succeeded: Bool { status == 0 }
  /// Standard output as UTF-8, with replacement characters where it is not.
  package var text: String { String(decoding: stdout, as: UTF8.self) }
  package var errorText: String { String(decoding: stderr, as: UTF8.self) }

  /// The last lines that the program said, errors before output, for a message to the user.
  package var lastLines: String {
    let said = errorText.contains { !$0.isWhitespace } ? errorText : text
    return said.split(whereSeparator: \.isNewline).filter { $0.contains { !$0.isWhitespace } }.suffix(8)
      .joined(separator: "\n")
  }
}
