// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension FakeWorld {
  mutating func ensureImage(_ recipe: ImageRecipe, on host: HostID) throws(AgentError) -> Outcome {
    let key = "\(recipe.name)/\(recipe.digest)"
    if machines[host]?.images[key] != nil { return Outcome(changed: false, detail: "\(key) is built already") }
    if let input = (recipe.overlays + recipe.finish).first(where: { machines[host]?.digest(of: $0.path) != $0.digest })
    {
      throw AgentError(
        .conflict, "\(input.path) on this head is not what image \(recipe.name) is made from",
        next: "Run `cluster apply` again: it restores the files before it builds.")
    }
    let unknown = recipe.packages.filter { machines[host]?.offer($0) == nil }
    guard unknown.isEmpty else {
      throw AgentError(
        .packageSource, "Image \(recipe.name) asks for packages that \(recipe.suite) does not have",
        cause: unknown.joined(separator: "\n"), next: "Correct `images.\(recipe.name).install` in the spec.")
    }
    if machines[host]?.faults.mirrorDown == true {
      throw AgentError(
        .packageSource, "The package mirror cannot be used", next: "Check `repositories:` in the spec.")
    }
    try machines[host]?.take(100 << 20, for: "the image")
    let versions = recipe.packages.map { ($0, machines[host]?.offer($0)?.version ?? "") }
    machines[host]?.images[key] = ImageState(
      name: recipe.name, digest: recipe.digest, squashfs: SHA256.hex(key), bytes: 100 << 20,
      packages: Dictionary(versions) { first, _ in first })
    machines[host]?.imageRecipes[key] = recipe
    machines[host]?.imagesMadeAt[key] = now
    return Outcome(changed: true, detail: "built \(key)")
  }

  mutating func ensureImageFetched(
    name: String, digest: String, from: String, on host: HostID
  ) throws(AgentError) -> Outcome {
    let key = "\(name)/\(digest)"
    if machines[host]?.images[key] != nil { return Outcome(changed: false, detail: "\(key) is here already") }
    guard let image = machines.values.compactMap({ $0.images[key] }).first else {
      throw AgentError(.notFound, "\(from) has no image \(key)", next: "Build it with `cluster apply`.")
    }
    let recipe = machines.values.compactMap { $0.imageRecipes[key] }.first
    machines[host]?.images[key] = image
    machines[host]?.imageRecipes[key] = recipe
    machines[host]?.imagesMadeAt[key] = now
    return Outcome(changed: true, detail: "fetched \(key) from \(from)")
  }

  mutating func ensureCapture(_ recipe: CaptureRecipe, on host: HostID) -> Outcome {
    machines[host]?.captures.insert(recipe.clone)
    return Outcome(changed: true, detail: "captured \(host) for \(recipe.clone)")
  }

  /// The new head gets the disk of the one that installs it, without what was excluded from the capture by the rules
  /// of every clone: its own name, secrets, logs, and the agent's memory of whom it installed.
  mutating func ensureClone(
    _ goal: CloneGoal, on host: HostID, _ secrets: Secrets
  ) throws(AgentError) -> Outcome {
    if let record = machines[host]?.clones[goal.head], !uninstalled.contains(goal.head) {
      return Outcome(changed: false, detail: "\(goal.head) \(record.words)")
    }
    guard var clone = machines[host], clone.captures.contains(goal.head) else {
      throw AgentError(
        .notFound, "There is no capture for \(goal.head)", next: "Apply again: the next run captures it first.")
    }
    if speaksSSH(goal.address) {
      machines[host]?.captures.remove(goal.head)
      throw goal.isThere
    }
    guard let links = machines[goal.head]?.links else {
      throw AgentError(.nodeSilent, "\(goal.head) never asked for DHCP", next: "Check its cable and boot order.")
    }
    _ = try ensurePower(goal.bmc, .on, secrets)
    clone.hostname = goal.head.name
    clone.machineID = String(SHA256.hex(goal.head.name).prefix(32))
    // The machine's own cards, also the one that has failed: those of the original stay in the original.
    (clone.links, clone.lostCard, clone.board) = (links, machines[goal.head]?.lostCard, goal.bmc.key)
    clone.files = clone.files.filter { !$0.key.hasPrefix("/etc/cluster/secrets/") && !$0.key.hasPrefix("/var/log/") }
    (clone.clones, clone.captures, clone.fencing, clone.reports) = ([:], [], [:], [:])
    (clone.lease, clone.faults, clone.images) = (FakeLease(), .init(), [:])
    (clone.installedAddresses, clone.ownAddresses, clone.ownIPv6) = ([:], [:], [:])
    clone.deadMan = FakeDeadMan()
    for (path, contents) in goal.identity {
      clone.files[path] = .init(bytes: contents.bytes, mode: 0o644, owner: "root:root", changed: clone.step())
    }
    // The agent's notes come along, also that of a file which somebody has removed on the original and the installer
    // writes anew.
    clone.managed = clone.managed.filter { path, _ in
      clone.files[path] != nil || clone.symbolicLinks[path] != nil || clone.folders.contains(path)
    }
    clone.restart()
    machines[goal.head] = clone
    uninstalled.remove(goal.head)
    configured.remove(goal.head)
    machines[host]?.captures.remove(goal.head)
    machines[host]?.clones[goal.head] = CloneRecord(
      head: goal.head, capture: String(SHA256.hex("capture of \(host)").prefix(16)), installedAt: now)
    return Outcome(changed: true, detail: "installed \(goal.head)")
  }

  mutating func ensureCloneNoted(head: HostID, on host: HostID) -> Outcome {
    if let record = machines[host]?.clones[head] { return Outcome(changed: false, detail: "\(head) \(record.words)") }
    machines[host]?.clones[head] = CloneRecord(head: head, capture: nil, installedAt: now)
    return Outcome(changed: true, detail: "noted that \(head) is there")
  }

  mutating func ensureCloneAbsent(head: HostID, on host: HostID) -> Outcome {
    let noted = machines[host]?.clones.removeValue(forKey: head) != nil
    let captured = machines[host]?.captures.remove(head) != nil
    return Outcome(
      changed: noted || captured, detail: noted || captured ? "forgot \(head)" : "nothing is noted of \(head)")
  }
}

extension FakeWorld {
  fileprivate func speaksSSH(_ address: IPv4Address) -> Bool {
    machines.contains { id, machine in
      isUp(id) && machine.links.contains { $0.addresses.contains { $0.hasPrefix("\(address)/") } }
    }
  }
}

extension FakeMachine {
  /// The digest by which an image's recipe names a file, or a folder with all that is in it.
  fileprivate func digest(of path: String) -> String {
    if let file = files[path] { return file.digest }
    let root = path + "/"
    var inside: [String: (contents: String, executable: Bool)] = [:]
    for (name, file) in files where name.hasPrefix(root) {
      inside[String(name.dropFirst(root.count))] = (contents: file.digest, executable: file.mode & 0o111 != 0)
    }
    return ImageRecipe.Overlay.digest(of: inside)
  }
}

extension ImageProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> ImageState? { asked.machine.images["\(image)/\(digest)"] }
}

extension ImageUpdatesProbe: MemoryProbe {
  /// In memory any other version is a newer one.
  func answer(of asked: AskedMachine) throws(AgentError) -> ImageUpdates? {
    guard let state = asked.machine.images["\(image)/\(digest)"] else { return nil }
    if asked.machine.faults.mirrorDown {
      throw AgentError(
        .packageSource, "The package mirror cannot be used", next: "Check `repositories:` in the spec.")
    }
    var newer: [ImageUpdates.Package] = []
    for (name, version) in state.packages {
      guard let offer = asked.machine.offer(name), offer.version != version else { continue }
      newer.append(
        .init(name: name, from: version, to: offer.version, isSecurity: offer.security.map { $0 != version } ?? false))
    }
    return ImageUpdates(newer: newer, added: recipe.packages.filter { state.packages[$0] == nil })
  }
}

extension CloneProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> CloneRecord? { asked.machine.clones[head] }
}

extension SSHPortProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> Bool { asked.world.speaksSSH(address) }
}
