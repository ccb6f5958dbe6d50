// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// `/home` of the set home-nfs-heads, as programs on the heads see it.
struct Homes {
  private static let unit = "open-file.service"
  private static let file = "/home/open"

  let site: UserSite

  init(_ site: UserSite) { self.site = site }

  /// What one head writes, the other one reads.
  func areShared() async throws {
    for (writer, reader) in [("head1", "head2"), ("head2", "head1")] {
      try await areMounted(on: writer)
      let word = "\(writer)-\(Int(Date.now.timeIntervalSince1970))"
      _ = try await site.onHead(writer, ["sh", "-c", "echo \(word) >/home/word"])
      try await site.eventually("\(reader) reads what \(writer) wrote") {
        try await holds("grep --quiet --line-regexp \(word) /home/word", on: reader)
      }
    }
  }

  /// Has a program keep a file open and locked, and write the time into it each second.
  func holdOpen(on head: String) async throws {
    let script = "exec 9>\(Self.file); flock --nonblock 9 || exit 1; while sleep 1; do date +%s >&9 || exit 1; done"
    _ = try await site.onHead(head, ["systemd-run", "--unit=\(Self.unit)", "sh", "-c", script])
    try await site.eventually("the file is locked") {
      let hasBegun = try await holds("test -s \(Self.file)", on: head)
      let isFree = try await isFree(from: "head1")
      return hasBegun && !isFree
    }
  }

  /// Nothing that was open has been lost, and the lock holds against another machine.
  func areStillOpen(on head: String) async throws {
    let before = try await times(on: head).count
    try await site.eventually("the program goes on writing") { try await times(on: head).count > before }
    #expect(try await holds("systemctl is-active --quiet \(Self.unit)", on: head))
    try await areMounted(on: "head1")
    #expect(try await !isFree(from: "head1"), "its lock is lost")
    let all = try await times(on: head)
    let longest = zip(all, all.dropFirst()).map { $1 - $0 }.max() ?? 0
    print("open file on \(head): \(all.count) lines, \(longest) s at most between two")
  }

  private func areMounted(on head: String) async throws {
    try await site.eventually("\(head) has the home folders", within: .seconds(300)) {
      try await holds("mountpoint --quiet /home", on: head)
    }
  }

  private func times(on head: String) async throws -> [Int] {
    try await site.onHead(head, ["cat", Self.file]).text.split(separator: "\n").compactMap { Int($0) }
  }

  private func isFree(from head: String) async throws -> Bool {
    try await holds("flock --nonblock \(Self.file) true", on: head)
  }

  private func holds(_ question: String, on head: String) async throws -> Bool {
    try await site.onHead(head, ["sh", "-c", "if \(question); then echo yes; else echo no; fi"]).text == "yes\n"
  }
}
