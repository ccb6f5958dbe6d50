// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The arrows between targets point down only, and the pure ones stay pure.
@Suite struct LayerTests {
  /// What each folder may import of ours. Where it differs from Package.swift, one of the two is wrong.
  static let arrows: [String: Set<String>] = [
    "Sources/Flow/1-Forms": ["ClusterModel", "Diagnostics"],
    "Sources/Flow/1-Spec": ["SpecForms", "ClusterModel", "Diagnostics", "CYAML"],
    "Sources/Flow/2-Model": ["Diagnostics"],
    "Sources/Flow/3-Observe": ["ClusterModel", "HostAccess"],
    "Sources/Flow/4-Plan": ["ClusterModel", "Diagnostics"],
    "Sources/Flow/5-Execute": ["Observation", "ClusterModel", "HostAccess"],
    "Sources/Flow/6-Audit": ["ClusterModel", "HostAccess", "Git"],
    "Sources/Wings": ["SpecForms", "ClusterModel", "Pacemaker", "XML", "Diagnostics"],
    "Sources/HostAccess": ["ClusterModel"],
    "Sources/Agent": ["HostAccess", "Wings", "ClusterModel", "Pacemaker", "XML"],
    "Sources/Apps/Simulator": ["Wings", "ClusterModel", "HostAccess", "Pacemaker", "XML"],
    "Sources/Apps/ClusterAgent": ["AgentServer", "HostAccess", "ClusterModel"],
    "Sources/Support/Diagnostics": [],
    "Sources/Support/Git": ["CGit2"],
    "Sources/Support/XML": [],
    "Sources/Support/Pacemaker": ["ClusterModel", "XML"],
  ]

  static let ours: Set<String> = [
    "Reconciler", "SpecReading", "SpecForms", "ClusterModel", "Observation", "Planning", "Execution", "Auditing",
    "Wings",
    "HostAccess", "AgentServer", "Lab", "Simulator", "Diagnostics", "TestKit", "XML", "Pacemaker", "CYAML",
    "Git", "CGit2", "Fuzzing",
  ]

  @Test(arguments: arrows.keys.sorted())
  func importsPointDown(_ folder: String) {
    let allowed = Self.arrows[folder] ?? []
    expectNone(
      files(in: folder).flatMap { file in
        file.imports.filter { Self.ours.contains($0.module) && !allowed.contains($0.module) }.map {
          Finding(path: file.path, line: $0.line, text: "\(folder) may not import \($0.module)")
        }
      })
  }

  /// Functions of values: no clock, process, file, network or waiting.
  static let pure = [
    "Sources/Flow/1-Forms", "Sources/Flow/1-Spec", "Sources/Flow/2-Model", "Sources/Flow/4-Plan", "Sources/Wings",
    "Sources/Support/Diagnostics", "Sources/Support/XML", "Sources/Support/Pacemaker",
  ]

  @Test(arguments: pure)
  func pureTargetsTouchNothing(_ folder: String) {
    let banned = [
      "Date()", "Date.now", "ContinuousClock", "SuspendingClock", "Task.sleep", "Task {", " async ", "await ",
      "FileManager", "URLSession", "ProcessInfo", "Process(", ".random(", "UUID()", "SystemRandomNumberGenerator",
      "Data(contentsOf:", "String(contentsOf:", "print(",
    ]
    let modules: Set = ["Foundation", "FoundationEssentials", "Glibc", "Logging", "Subprocess", "Synchronization"]
    let formatted = Set(Exceptions.foundation.keys)
    expectNone(
      files(in: folder).flatMap { file in
        file.imports.filter { modules.contains($0.module) && !formatted.contains(file.path) }.map {
          Finding(path: file.path, line: $0.line, text: "a pure target imports \($0.module)")
        }
          + file.code.enumerated().compactMap { index, line in
            banned.first { line.contains($0) }.map {
              Finding(path: file.path, line: index + 1, text: "a pure target uses \($0)")
            }
          }
      })
  }

  /// Foundation proper would make the program that is copied to every host four times as large.
  @Test func theAgentHasNoFoundation() {
    let folders = [
      "Sources/HostAccess", "Sources/Agent", "Sources/Apps/ClusterAgent", "Sources/Flow/1-Forms",
      "Sources/Flow/2-Model", "Sources/Wings", "Sources/Support/Pacemaker", "Sources/Support/XML",
      "Sources/Support/Diagnostics",
    ]
    expectNone(
      folders.flatMap(files).flatMap { file in
        file.imports.filter { $0.module == "Foundation" }.map {
          Finding(
            path: file.path, line: $0.line, text: "the agent cannot import Foundation; FoundationEssentials will do")
        }
      })
  }

  /// A wait without a condition is a guess.
  @Test func nobodySleepsWhereAConditionCanBeAwaited() {
    expectNone(
      SourceFile.all.filter { $0.path.hasPrefix("Sources/") }.flatMap { file in
        file.code.enumerated().filter { _, line in
          line.contains("Task.sleep") || line.contains("usleep(") || line.contains("Thread.sleep")
        }.map {
          Finding(path: file.path, line: $0.offset + 1, text: "sleeps; poll a condition on a clock that tests can hold")
        }
      })
  }

  /// Every kind belongs to a wing, and every wing is a folder with a line in the catalog.
  @Test func everyKindAndWingIsInItsCatalog() {
    let sources = files(in: "Sources/Wings")
    let kinds = sources.flatMap(\.code).compactMap { $0.firstMatch(of: /enum (\w+): ResourceKind \{/)?.1 }
    #expect(kinds.count > 10)
    for name in kinds {
      #expect(sources.contains { $0.lines.joined().contains("AnyKind(\(name).self)") }, "no wing has \(name)")
    }
    let catalog = SourceFile("Sources/Wings/Catalog.swift")?.lines.joined() ?? ""
    let wings = sources.flatMap(\.code).compactMap { $0.firstMatch(of: /enum (\w+): Wing \{/)?.1 }
    #expect(!wings.isEmpty)
    for wing in wings { #expect(catalog.contains("\(wing).self"), "\(wing) is not in the catalog") }
  }

  private func files(in folder: String) -> [SourceFile] {
    SourceFile.all.filter { $0.path.hasPrefix(folder + "/") }
  }
}
