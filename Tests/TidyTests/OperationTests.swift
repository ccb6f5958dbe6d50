// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// What is said of an operation is said by its type, and each is where `docs/howto/add-an-operation.md` says.
@Suite struct OperationTests {
  /// The operations, with their wings' folders.
  static let all: [(name: String, wing: String)] = SourceFile.all.flatMap { file -> [(name: String, wing: String)] in
    let parts = file.path.split(separator: "/")
    guard parts.count >= 4, parts[1] == "Wings" else { return [] }
    return file.code.compactMap { $0.firstMatch(of: /struct (\w+): (?:Host|Goal)Operation \{/) }
      .map { (name: String($0.1), wing: String(parts[2])) }
  }

  @Test func everyOperationIsInItsWing() {
    #expect(Self.all.count >= 22)
    for (name, wing) in Self.all {
      #expect(name.hasPrefix("Ensure"), "\(name) does not say that it ensures something")
      let isListed = SourceFile.all.contains {
        $0.path.hasPrefix("Sources/Wings/\(wing)/") && $0.code.contains { $0.contains("\(name).self") }
      }
      #expect(isListed, "no wing in \(wing) lists \(name)")
    }
    let elsewhere = SourceFile.all.filter { $0.path.hasPrefix("Sources/") && !$0.path.hasPrefix("Sources/Wings/") }
    for file in elsewhere {
      let defines = file.code.contains { $0.contains("struct Ensure") }
      #expect(!defines, "\(file.path) defines an operation")
    }
  }

  @Test(arguments: [
    ("Sources/Agent/", "AgentOperation"), ("Sources/Apps/Simulator/Operations/", "MemoryOperation"),
  ])
  func everyOperationIsDoneByTheAgentAndInMemory(_ folder: String, _ role: String) {
    for (name, wing) in Self.all {
      let place = folder == "Sources/Agent/" ? folder + wing + "/" : folder
      let found = SourceFile.all.contains { file in
        file.path.hasPrefix(place)
          && file.code.contains { line in
            [role, "MachineOperation"].contains { line.hasPrefix("extension \(name): \($0) ") }
          }
      }
      #expect(found, "nothing in \(place) says how \(name) is done")
    }
  }

  /// The text alone; `FakeSiteTests` sees that each of them does something in its case.
  @Test func everyOperationHasAContract() {
    let contracts = SourceFile.all.filter { $0.path.hasPrefix("Tests/Contract/") }
    for (name, _) in Self.all {
      let isHeld = contracts.contains { $0.code.contains { $0.contains("\(name)(") } }
      #expect(isHeld, "\(name) has no contract")
    }
  }

  /// Whoever asks which operation it is forgets the next one that is added.
  @Test func nobodyAsksWhichOperationItIs() {
    let asking = /case (?:let )?\.ensure[A-Z]|\bas[?!]? Ensure[A-Z]|\bis Ensure[A-Z]|\.as\(Ensure[A-Z]/
    expectNone(
      SourceFile.all.filter { $0.path.hasPrefix("Sources/") }.flatMap { file in
        file.code.enumerated().filter { $0.element.firstMatch(of: asking) != nil }.map {
          Finding(path: file.path, line: $0.offset + 1, text: "asks which operation it is; ask what is true of it")
        }
      })
  }

  @Test func theHowtoNamesTheFilesThatThereAre() throws {
    let url = SourceFile.root.appending(path: "docs/howto/add-an-operation.md")
    let text = try String(contentsOf: url, encoding: .utf8)
    let paths = text.matches(of: /`((?:Sources|Tests)\/[\w\/.]+)`/).map { String($0.1) }
    #expect(paths.count >= 6)
    for path in paths {
      let example = path.replacing("AreaInMemory", with: "FilesInMemory").replacing("Area/Area", with: "Files/Files")
        .replacing("Area", with: "Files").replacing("EnsureThing", with: "EnsureFile")
      let isThere = FileManager.default.fileExists(atPath: SourceFile.root.appending(path: example).path)
      #expect(isThere, "there is no \(example)")
    }
  }
}
