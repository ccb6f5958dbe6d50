// SPDX-License-Identifier: Apache-2.0

/// Every code of the spec reader. Each has a page `docs/diagnostics/<id>.md`. An id is never given a new meaning.
extension Diagnostic.Code {
  // MARK: The text
  package static let tooLarge = Self("spec.too-large", "File too large")
  package static let encoding = Self("spec.encoding", "Not UTF-8")
  package static let controlCharacter = Self("spec.control-character", "Invisible character")
  package static let tab = Self("spec.tab", "Tab used for indentation")
  package static let syntax = Self("spec.syntax", "Not YAML")
  package static let empty = Self("spec.empty", "Nothing in the file")
  package static let severalDocuments = Self("spec.several-documents", "More than one document")
  package static let tooDeep = Self("spec.too-deep", "Nested too deeply")
  package static let tooManyValues = Self("spec.too-many-values", "Too many values")
  package static let aliasExpansion = Self("spec.alias-expansion", "Aliases expand too far")
  package static let unknownAlias = Self("spec.unknown-alias", "Alias without an anchor")
  package static let tag = Self("spec.tag", "YAML tag")
  package static let duplicateKey = Self("spec.duplicate-key", "Key given twice")
  package static let keyNotText = Self("spec.key-not-text", "Key is not text")
  package static let tooManyProblems = Self("spec.too-many-problems", "More problems than are shown")

  // MARK: The shape
  package static let unsupportedVersion = Self("spec.unsupported-version", "Version not supported")
  package static let unknownKey = Self("spec.unknown-key", "Unknown key")
  package static let missingKey = Self("spec.missing-key", "Key missing")
  package static let emptyValue = Self("spec.empty-value", "Key without a value")
  package static let wrongType = Self("spec.wrong-type", "Wrong type of value")
  package static let unknownChoice = Self("spec.unknown-choice", "Not one of the choices")
  package static let repeatedItem = Self("spec.repeated-item", "Listed twice")
  package static let badNumber = Self("spec.bad-number", "Not a valid number")
  package static let badName = Self("spec.bad-name", "Not a valid name")
  package static let badHostlist = Self("spec.bad-hostlist", "Not a valid hostlist")
  package static let badTable = Self("spec.bad-table", "Not a usable table of nodes")
  package static let tooManyNames = Self("spec.too-many-names", "Too many machines")
  package static let badAddress = Self("spec.bad-address", "Not an address")
  package static let badNetwork = Self("spec.bad-network", "Not a network in CIDR form")
  package static let badRange = Self("spec.bad-range", "Not a range of addresses")
  package static let badMAC = Self("spec.bad-mac", "Not a MAC address")
  package static let badDate = Self("spec.bad-date", "Not a date")
  package static let badDuration = Self("spec.bad-duration", "Not a duration")
  package static let badTimes = Self("spec.bad-times", "Not a part of a day")
  package static let badDisk = Self("spec.bad-disk", "Not a rule that finds a disk")
  package static let badDiskSize = Self("spec.bad-disk-size", "Not a size of a partition")
  package static let badPartition = Self("spec.bad-partition", "Partition that cannot be made or used")
  package static let diskMayMove = Self("spec.disk-may-move", "Name of a disk that may move")
  package static let badPath = Self("spec.bad-path", "Path leaves the folder of the spec")
  package static let badPermission = Self("spec.bad-permission", "Not an owner, a group and a mode")
  package static let badURL = Self("spec.bad-url", "Not an HTTP address")
  package static let badPattern = Self("spec.bad-pattern", "Not a regular expression")
  package static let literalSecret = Self("spec.literal-secret", "Secret written in the file")

  package static let noEffect = Self("spec.no-effect", "Key that nothing would use")

  // MARK: Names that refer to something
  package static let unknownNetwork = Self("spec.unknown-network", "Unknown network")
  package static let unknownImage = Self("spec.unknown-image", "Unknown image")
  package static let unknownHead = Self("spec.unknown-head", "Unknown head")
  package static let unusedImage = Self("spec.unused-image", "Image that nothing uses")
  package static let missingFile = Self("spec.missing-file", "File missing")
  package static let linkedPath = Self("spec.linked-path", "Path through a symbolic link")
  package static let badOCI = Self("spec.bad-oci", "OCI image that cannot be begun with")
  package static let repositoryKey = Self("spec.repository-key", "Repository without a key that apt can use")
  package static let secretPath = Self("spec.secret-path", "Path of a secret that is taken")
  package static let secretReadable = Self("spec.secret-readable", "Secret that every user could read")
  package static let lostFile = Self("spec.lost-file", "File of an image that git does not keep")
  package static let privateFile = Self("spec.private-file", "File whose mode git does not keep")
  package static let template = Self("spec.template", "Template that cannot be filled in")
  package static let setPath = Self("spec.set-path", "Path that two package sets have")
  package static let setNeed = Self("spec.set-need", "Package set or service without what it needs")
  package static let setOrigin = Self("spec.set-origin", "Package set of another repository that is not here")
  package static let setUser = Self("spec.set-user", "Accounts of package sets that contradict each other")
  package static let checkNeeds = Self("spec.check-needs", "Check that cannot have what it needs")
  package static let checkReady = Self("spec.check-ready", "Check that nodes cannot run by themselves")

  // MARK: Networks and addresses
  package static let overlappingNetworks = Self("spec.overlapping-networks", "Networks overlap")
  package static let addressOutsideNetwork = Self("spec.address-outside-network", "Address outside its network")
  package static let reservedAddress = Self("spec.reserved-address", "Address is reserved")
  package static let duplicateAddress = Self("spec.duplicate-address", "Address given twice")
  package static let duplicateMAC = Self("spec.duplicate-mac", "MAC address given twice")
  package static let duplicateName = Self("spec.duplicate-name", "Name given twice")
  package static let duplicateBMC = Self("spec.duplicate-bmc", "BMC given twice")
  package static let multicastMAC = Self("spec.multicast-mac", "MAC address is a multicast address")
  package static let countsTooFar = Self("spec.counts-too-far", "Counts past the last value")
  package static let twoNICsOneNetwork = Self("spec.two-nics-one-network", "Two NICs on one network")
  package static let twoGateways = Self("spec.two-gateways", "Two default routes on one machine")
  package static let ipv6NotPublic = Self("spec.ipv6-not-public", "IPv6 on a network that heads serve")
  package static let dynamicRange = Self("spec.dynamic-range", "Dynamic range does not fit its network")
  package static let dynamicOverlap = Self("spec.dynamic-overlap", "Dynamic range covers a fixed address")
  package static let dynamicWithoutDHCP = Self("spec.dynamic-without-dhcp", "Dynamic range without DHCP")
  package static let servesWithoutHead = Self("spec.serves-without-head", "Network is served by no head")
  package static let bootWithoutDHCP = Self("spec.boot-without-dhcp", "Network boot without DHCP")
  package static let noBootNetwork = Self("spec.no-boot-network", "No network to boot from")
  package static let nodeOffBootNetwork = Self("spec.node-off-boot-network", "Node is not on the boot network")
  package static let nodeWithoutMAC = Self("spec.node-without-mac", "Node that waits for its MAC address")
  package static let badRoute = Self("spec.bad-route", "Route that leads nowhere")
  package static let badRelay = Self("spec.bad-relay", "Relay that cannot work")
  package static let badNAT = Self("spec.bad-nat", "Heads that cannot route")
  package static let madeInterface = Self("spec.made-interface", "VLAN or bond that cannot be made")
  package static let notACard = Self("spec.not-a-card", "Interface that is no network card")
  package static let bmcUnreachable = Self("spec.bmc-unreachable", "BMC out of the heads' reach")

  // MARK: Heads
  package static let cloneOfItself = Self("spec.clone-of-itself", "Clone of itself")
  package static let cloneOfClone = Self("spec.clone-of-clone", "Clone of a clone")
  package static let cloneWithoutMAC = Self("spec.clone-without-mac", "Clone that cannot network-boot")
  package static let cloneWithoutImage = Self("spec.clone-without-image", "Clone without an image to install it with")
  package static let cloneWithoutBMC = Self("spec.clone-without-bmc", "Clone without a BMC")
  package static let notAClone = Self("spec.not-a-clone", "Key that only a clone has")

  // MARK: High availability
  package static let tooFewHeads = Self("spec.too-few-heads", "Too few heads")
  package static let tooManyHeads = Self("spec.too-many-heads", "Too many heads")
  package static let serviceAddressHead = Self("spec.service-address-head", "Service address that a head cannot hold")
  package static let serviceAddressMissing = Self("spec.service-address-missing", "Service address missing")
  package static let serviceNotServed = Self("spec.service-not-served", "Service that no network serves")
  package static let serviceNotHA = Self("spec.service-not-ha", "Service is not highly available")
  package static let serviceName = Self("spec.service-name", "Service by a name that is taken")
  package static let serviceUnit = Self("spec.service-unit", "Service in a unit that is taken")
  package static let serviceCheck = Self("spec.service-check", "Health check that asks not exactly one question")
  package static let serviceSpread = Self("spec.service-spread", "Service that cannot run on a head of its own")
  package static let singleHeartbeat = Self("spec.single-heartbeat", "Single heartbeat link")
  package static let heartbeatHead = Self("spec.heartbeat-head", "Heartbeat link that a head is not on")
  package static let monitorTiming = Self("spec.monitor-timing", "Monitor timing that cannot work")
  package static let detectTiming = Self("spec.detect-timing", "Detection time that cannot work")
  package static let fencingMissing = Self("spec.fencing-missing", "Fencing missing")
  package static let fencingWithoutBMC = Self("spec.fencing-without-bmc", "Head that cannot be fenced")
  package static let powerAgent = Self("spec.power-agent", "Fence agent that cannot switch these nodes")
  package static let fencingLevels = Self("spec.fencing-levels", "Ways to fence without the BMC")
  package static let singleFencing = Self("spec.single-fencing", "Fencing that fails with the mains")
  package static let fencingContradiction = Self("spec.fencing-contradiction", "Fencing both on and off")
  package static let witnessHead = Self("spec.witness-head", "Witness that is one of the heads")
  package static let witnessCertificate = Self("spec.witness-certificate", "Witness without a certificate")
  package static let stateKind = Self("spec.state-kind", "State of services in two places, or in none")
  package static let stateDisk = Self("spec.state-disk", "Replicated disk that a head does not have")
  package static let stateFencing = Self("spec.state-fencing", "Replicated disk without fencing")
  package static let standIn = Self("spec.stand-in", "Stand-in for a replicated disk")
  package static let unsafeWithoutFencing = Self("spec.unsafe-without-fencing", "High availability without fencing")

  package static let catalog: [Self] = [
    tooLarge, encoding, controlCharacter, tab, syntax, empty, severalDocuments, tooDeep, tooManyValues, aliasExpansion,
    unknownAlias, tag, duplicateKey, keyNotText, tooManyProblems,
    unsupportedVersion, unknownKey, missingKey, emptyValue, wrongType, unknownChoice, repeatedItem, badNumber, badName,
    badHostlist, badTable,
    tooManyNames, badAddress, badNetwork, badRange, badMAC, badDate, badDuration, badTimes, badDisk, badDiskSize,
    badPartition, diskMayMove, badPath,
    badPermission, badPattern,
    badURL, literalSecret, noEffect,
    unknownNetwork, unknownImage, unknownHead, unusedImage, missingFile, linkedPath, badOCI, repositoryKey, privateFile,
    lostFile,
    template, setPath,
    setNeed, setUser, setOrigin,
    checkNeeds, checkReady, secretPath, secretReadable,
    overlappingNetworks, addressOutsideNetwork, reservedAddress, duplicateAddress, duplicateMAC, duplicateName,
    duplicateBMC, multicastMAC, countsTooFar, twoNICsOneNetwork, twoGateways, ipv6NotPublic, dynamicRange,
    dynamicOverlap, dynamicWithoutDHCP,
    servesWithoutHead, bootWithoutDHCP, noBootNetwork, nodeOffBootNetwork, nodeWithoutMAC,
    badRoute, badRelay, badNAT, madeInterface, notACard, bmcUnreachable,
    cloneOfItself, cloneOfClone, cloneWithoutMAC, cloneWithoutBMC, cloneWithoutImage,
    notAClone,
    tooFewHeads, tooManyHeads, serviceAddressHead, serviceAddressMissing, serviceNotServed, serviceNotHA,
    serviceName, serviceUnit, serviceCheck, serviceSpread,
    singleHeartbeat, heartbeatHead, monitorTiming, detectTiming, fencingMissing, fencingWithoutBMC,
    powerAgent, fencingLevels, singleFencing, fencingContradiction, unsafeWithoutFencing,
    witnessHead, witnessCertificate, stateKind, stateDisk, stateFencing, standIn,
  ]
}
