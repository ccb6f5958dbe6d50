// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Probe: Listed {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    switch self {
    case .system: try list.encode("system")
    case .links: try list.encode("links")
    case .file(let path, let contents):
      try list.encode("file")
      try list.encode(path)
      try list.encode(contents)
    case .tree(let root):
      try list.encode("tree")
      try list.encode(root)
    case .packages(let names):
      try list.encode("packages")
      try names.write(to: &list)
    case .unit(let name, let configuration):
      try list.encode("unit")
      try list.encode(name)
      try configuration.write(to: &list)
    case .secretFile, .image, .clone, .corosync, .cib, .storedCIB, .crmMon, .fencing, .nodeReports, .power:
      try list.encode("named", named: self)
    }
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    switch try list.decode(String.self) {
    case "system": self = .system
    case "links": self = .links
    case "file": self = .file(path: try list.decode(String.self), contents: try list.decode(Bool.self))
    case "tree": self = .tree(root: try list.decode(String.self))
    case "packages": self = .packages(try [String](from: &list))
    case "unit": self = .unit(name: try list.decode(String.self), configuration: try [String](from: &list))
    case "named": self = try list.decode(Probe.self)
    case let word: throw list.unfit(word)
    }
  }
}
