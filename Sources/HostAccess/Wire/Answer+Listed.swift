// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Answer: Listed {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    switch self {
    case .system(let state):
      try list.encode("system")
      for text in [state.hostname, state.machineID, state.operatingSystem, state.bootID] { try list.encode(text) }
      try list.encode(state.uptimeSeconds)
    case .file(let state):
      try list.encode("file")
      try state.write(to: &list)
    case .tree(let state):
      try list.encode("tree")
      try list.encode(state.exists)
      try state.files.write(to: &list)
    case .packages(let versions):
      try list.encode("packages")
      try versions.write(to: &list)
    case .unit(let state):
      try list.encode("unit")
      try state.write(to: &list)
    case .links(let links):
      try list.encode("links")
      try links.write(to: &list)
    case .secretFile, .image, .clone, .corosync, .cib, .storedCIB, .crmMon, .fencing, .nodeReports, .power, .failed:
      try list.encode("named", named: self)
    }
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    switch try list.decode(String.self) {
    case "system":
      self = .system(
        SystemState(
          hostname: try list.decode(String.self), machineID: try list.decode(String.self),
          operatingSystem: try list.decode(String.self), bootID: try list.decode(String.self),
          uptimeSeconds: try list.decode(Double.self)))
    case "file": self = .file(try FileState(from: &list))
    case "tree":
      self = .tree(TreeState(exists: try list.decode(Bool.self), files: try [String: String](from: &list)))
    case "packages": self = .packages(try [String: String](from: &list))
    case "unit": self = .unit(try UnitState(from: &list))
    case "links": self = .links(try [LinkState](from: &list))
    case "named": self = try list.decode(Answer.self)
    case let word: throw list.unfit(word)
    }
  }
}

extension FileState: Listed {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    switch self {
    case .absent: try list.encode("absent")
    case .file(let facts):
      try list.encode("file")
      try list.encode(facts.digest)
      try list.encode(facts.size)
      try list.encode(facts.mode)
      try list.encode(facts.owner)
      try list.encode(facts.group)
      try list.encode(optional: facts.contents)
      try list.encode(facts.managed)
    case .link(let target):
      try list.encode("link")
      try list.encode(target)
    case .other(let what):
      try list.encode("other")
      try list.encode(what)
    }
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    switch try list.decode(String.self) {
    case "absent": self = .absent
    case "file":
      self = .file(
        FileFacts(
          digest: try list.decode(String.self), size: try list.decode(Int.self), mode: try list.decode(UInt16.self),
          owner: try list.decode(String.self), group: try list.decode(String.self),
          contents: try list.decodeOptionalText(), managed: try list.decode(Bool.self)))
    case "link": self = .link(target: try list.decode(String.self))
    case "other": self = .other(try list.decode(String.self))
    case let word: throw list.unfit(word)
    }
  }
}

extension UnitState: Listed {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    for flag in [exists, enabled, masked] { try list.encode(flag) }
    try list.encode(active)
    try list.encode(configuration.rawValue)
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    self.init(
      exists: try list.decode(Bool.self), enabled: try list.decode(Bool.self), masked: try list.decode(Bool.self),
      active: try list.decode(String.self), configuration: .notRunning)
    let word = try list.decode(String.self)
    guard let configuration = Configuration(rawValue: word) else { throw list.unfit(word) }
    self.configuration = configuration
  }
}

extension LinkState: Listed {
  func write(to list: inout any UnkeyedEncodingContainer) throws {
    try list.encode(name)
    try list.encode(optional: mac?.description)
    try list.encode(up)
    try addresses.write(to: &list)
    try gateways.map(\.description).write(to: &list)
  }

  init(from list: inout any UnkeyedDecodingContainer) throws {
    let name = try list.decode(String.self)
    let mac = try list.decodeOptionalText().map { text in
      guard let mac = MACAddress(text) else { throw list.unfit(text) }
      return mac
    }
    self.init(
      name: name, mac: mac, up: try list.decode(Bool.self), addresses: try [String](from: &list),
      gateways: try [String](from: &list).map { text in
        guard let address = IPv4Address(text) else { throw list.unfit(text) }
        return address
      })
  }
}
