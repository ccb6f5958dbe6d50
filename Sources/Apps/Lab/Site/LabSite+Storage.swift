// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// A folder's note of its lab, beside `cluster.yaml`.
struct LabPointer: Codable {
  var id: String
  var state: String

  static func path(beside spec: String) -> String {
    URL(fileURLWithPath: spec).deletingLastPathComponent().appendingPathComponent(".cluster/lab.json").path
  }
}

extension LabSite {
  /// The lab that was brought up from this `cluster.yaml`. Nil: there is none.
  package static func load(beside spec: String) throws(AgentError) -> LabSite? {
    guard let pointer = try pointer(beside: spec) else { return nil }
    return try load(stateDirectory: pointer.state)
  }

  /// The lab, or nil where no lab's state is there.
  package static func load(stateDirectory: String) throws(AgentError) -> LabSite? {
    let path = "\(stateDirectory)/lab.json"
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try Files.attempt("The lab's description \(path) could not be read") {
      try JSONDecoder().decode(LabSite.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  static func pointer(beside spec: String) throws(AgentError) -> LabPointer? {
    let path = LabPointer.path(beside: spec)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    return try Files.attempt("\(path) could not be read") {
      try JSONDecoder().decode(LabPointer.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  /// The pointer comes first: whatever is made later, `down` finds it.
  func save() throws(AgentError) {
    try Files.writeJSON(LabPointer(id: id, state: stateDirectory), to: LabPointer.path(beside: spec))
    try Files.makeDirectory(stateDirectory, mode: 0o755)
    try Files.writeJSON(self, to: manifest)
  }

  static func forget(beside spec: String) throws(AgentError) {
    let pointer = LabPointer.path(beside: spec)
    try Files.remove(pointer)
    let folder = (pointer as NSString).deletingLastPathComponent
    // Other things of ours may live there; rmdir(2) leaves them alone.
    rmdir(folder)
  }
}
