// SPDX-License-Identifier: Apache-2.0
import Glibc
import Logging

/// The agent's words in its host's journal: `journalctl --identifier=cluster-agent`.
///
/// They go through syslog(3), which also works at boot and without systemd. Standard error would not do: over SSH it
/// belongs to whoever connected, and is read only when the connection breaks.
package struct JournalLog: LogHandler {
  private static let identifier: StaticString = "cluster-agent"

  package var logLevel = Logger.Level.info
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?

  package init() {
    Self.identifier.withUTF8Buffer { name in
      name.withMemoryRebound(to: CChar.self) { openlog($0.baseAddress, LOG_PID, LOG_DAEMON) }
    }
  }

  package subscript(metadataKey key: String) -> Logger.MetadataValue? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let about = metadata.merging(event.metadata ?? [:]) { _, newer in newer }
    Self.line(event.message.description, about).withCString { line in
      // The text is an argument and never the format, whatever it holds.
      withVaList([line]) { vsyslog(Self.priority(event.level), "%s", $0) }
    }
  }

  /// One line: the message, and what it is about as `key=value` in the order of the keys.
  static func line(_ message: String, _ about: Logger.Metadata) -> String {
    let words = about.sorted { $0.key < $1.key }.map { key, value in
      let text = value.description
      return text.contains(" ") || text.isEmpty ? "\(key)=\"\(text)\"" : "\(key)=\(text)"
    }
    let line = ([message] + words).joined(separator: " ")
    // A line break, or a NUL that would end the C string, is shown and not sent.
    return String(String.UnicodeScalarView(line.unicodeScalars.map { $0.value < 0x20 ? "␤" : $0 }))
  }

  /// The priority that journald sorts by: syslog(3).
  static func priority(_ level: Logger.Level) -> Int32 {
    switch level {
    case .trace, .debug: LOG_DEBUG
    case .info: LOG_INFO
    case .notice: LOG_NOTICE
    case .warning: LOG_WARNING
    case .error: LOG_ERR
    case .critical: LOG_CRIT
    }
  }
}

extension Logger {
  /// A logger that says nothing: for an agent in somebody else's process.
  package static let silent = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
}
