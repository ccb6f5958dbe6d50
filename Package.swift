// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: warnings are errors, in Swift 6 mode.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
  name: "cluster",
  products: [
    .executable(name: "cluster", targets: ["cluster"]),
    .executable(name: "cluster-agent", targets: ["cluster-agent"]),
    .executable(name: "cluster-sim", targets: ["cluster-sim"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // Without the default traits the agent stays free of Foundation proper (13 MB instead of 58 MB).
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    // MARK: Flow — what happens, in order
    // The six calls, on one screen.
    target(
      "Reconciler", "Flow/0-Reconcile",
      [
        "SpecReading", "ClusterModel", "Observation", "Planning", "Execution", "Auditing", "Wings",
        "HostAccess", "Diagnostics", "BuiltInSets", "Git",
      ]),
    // Bytes → nodes with spans → a validated Cluster, or diagnostics. Opens no files.
    target("SpecReading", "Flow/1-Spec", ["SpecForms", "ClusterModel", "Templates", "Diagnostics", "CYAML"]),
    // Declarations of keys: one gives reading, suggestions and schema. Wings declare theirs with them.
    target("SpecForms", "Flow/1-Forms", ["ClusterModel", "Diagnostics"]),
    // Values only: Cluster, Resource, Probe, HostOperation, Inventory, Plan.
    target("ClusterModel", "Flow/2-Model", ["Diagnostics", "Templates"]),
    // Asks probes of hosts, bounded and with deadlines.
    target("Observation", "Flow/3-Observe", ["ClusterModel", "HostAccess"]),
    // Pure: desired and inventory in, a graph of steps out.
    target("Planning", "Flow/4-Plan", ["ClusterModel", "Diagnostics"]),
    // Journaled, bounded, cancellable run of a plan.
    target(
      "Execution", "Flow/5-Execute",
      ["Observation", "ClusterModel", "HostAccess", .product(name: "GRDB", package: "GRDB.swift")]),
    // Reads the spec at a commit and writes audit commits.
    target("Auditing", "Flow/6-Audit", ["ClusterModel", "HostAccess", "Git"]),
    // MARK: What is wanted
    // A folder for each wing: what it wants of the machines, its kinds of resources, and one line in the catalog.
    .target(
      name: "Wings", dependencies: ["SpecForms", "ClusterModel", "Templates", "Pacemaker", "XML", "Diagnostics"],
      path: "Sources/Wings",
      exclude: ["README.md"],
      resources: [
        .embedInCode("Images/Payload"), .embedInCode("HighAvailability/Payload"), .embedInCode("TimeZone/Payload"),
        .embedInCode("Netboot/Payload"), .embedInCode("NodeLinks/Payload"),
        .embedInCode("NodeDisks/Payload"), .embedInCode("Nodes/Provisioners/Disk/Payload"),
        .embedInCode("Nodes/Provisioners/NFS/Payload"), .embedInCode("NFSRoots/Payload"),
      ], swiftSettings: strict),
    // MARK: Hosts
    // The two calls a host answers, their wire form, and the ways to reach a host.
    target(
      "HostAccess", "HostAccess", ["ClusterModel", .product(name: "Subprocess", package: "swift-subprocess")]),
    // The only code that touches a host.
    target(
      "AgentServer", "Agent",
      [
        "HostAccess", "Wings", "ClusterModel", "Pacemaker", "XML", "CEpoll",
        .product(name: "Subprocess", package: "swift-subprocess"), .product(name: "Logging", package: "swift-log"),
      ]),
    // MARK: Apps
    // The command line: one file per command.
    .executableTarget(
      name: "cluster",
      dependencies: [
        "Reconciler", "Comparison", "Lab", "Simulator", "HostAccess", "AgentServer", "Planning", "Execution",
        "Auditing", "Wings", "SpecForms", "SpecReading", "Templates",
        "Diagnostics", "DiagnosticPages", "BuiltInSets",
        "ClusterModel", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Sources/Apps/cluster", swiftSettings: strict),
    // The program that `cluster` copies to a host.
    .executableTarget(
      name: "cluster-agent",
      dependencies: ["AgentServer", "HostAccess", "ClusterModel", .product(name: "Logging", package: "swift-log")],
      path: "Sources/Apps/ClusterAgent",
      swiftSettings: strict),
    // Builds a twin of the described cluster on one machine.
    .target(
      name: "Lab",
      dependencies: [
        "ClusterModel", "HostAccess", "CEpoll", .product(name: "Subprocess", package: "swift-subprocess"),
      ], path: "Sources/Apps/Lab", resources: [.embedInCode("Power/Redfish/Payload")], swiftSettings: strict),
    // What one node costs: `make bench`.
    .executableTarget(
      name: "bench",
      dependencies: [
        "Planning", "Wings", "SpecReading", "ClusterModel", "Diagnostics", "HostAccess", "Auditing",
        "Execution", "Reconciler", "Comparison", "Simulator", "Simulation", "BuiltInSets", "Templates",
      ],
      path: "Sources/Apps/Bench",
      swiftSettings: strict),
    // Hosts in memory that answer and perform like real ones.
    target("Simulator", "Apps/Simulator", ["Wings", "ClusterModel", "HostAccess", "Pacemaker", "XML"]),
    // What must hold of any bytes: `make fuzz`.
    target(
      "Fuzzing", "Apps/Fuzzing",
      ["SpecReading", "Wings", "Planning", "HostAccess", "AgentServer", "ClusterModel", "Diagnostics"]),
    // Plans from one description to another, over those.
    target(
      "Comparison", "Apps/Comparison",
      ["Reconciler", "Simulator", "Planning", "Execution", "Auditing", "Wings", "HostAccess", "ClusterModel"]),
    // The whole program over those, in virtual time, repeatable from a seed.
    target(
      "Simulation", "Apps/Simulation",
      [
        "Reconciler", "Simulator", "SpecReading", "Planning", "Execution", "Auditing", "Wings",
        "HostAccess", "ClusterModel", "Pacemaker", "XML",
      ]),
    // Many seeds of it, and the story of one that failed.
    .executableTarget(
      name: "cluster-sim",
      dependencies: ["Simulation", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Sources/Apps/ClusterSim", swiftSettings: strict),
    // MARK: Support
    // Problems in the user's spec: codes, spans, carets.
    target("Diagnostics", "Support/Diagnostics", []),
    // Texts with places for values, checked against types: the files of package sets.
    target("Templates", "Support/Templates", []),
    // `packages/`, in the program.
    .target(
      name: "BuiltInSets", path: "Sources/Support/BuiltInSets", swiftSettings: strict, plugins: ["EmbedSets"]),
    .plugin(name: "EmbedSets", capability: .buildTool(), dependencies: ["embed-sets"]),
    // Writes them as Swift, for the plugin.
    .executableTarget(name: "embed-sets", path: "Sources/Apps/EmbedSets", swiftSettings: strict),
    // docs/diagnostics, in the program. `Pages` is a link to it.
    .target(
      name: "DiagnosticPages", path: "Sources/Support/DiagnosticPages", resources: [.embedInCode("Pages")],
      swiftSettings: strict),
    // The system's libyaml.
    .systemLibrary(
      name: "CYAML", path: "Sources/Support/CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    // epoll(7), for as many sockets as a storm has.
    .systemLibrary(name: "CEpoll", path: "Sources/Support/CEpoll"),
    // The system's libgit2.
    .systemLibrary(
      name: "CGit2", path: "Sources/Support/CGit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    // Repositories, by libgit2: objects, packs, references. Knows nothing of what is kept.
    target("Git", "Support/Git", ["CGit2"]),
    // Elements, a reader with limits, and a canonical form.
    target("XML", "Support/XML", []),
    // Pacemaker's XML as values: the CIB, edited by element, and the cluster's status.
    target("Pacemaker", "Support/Pacemaker", ["ClusterModel", "XML"]),
    // Golden files and seeded randomness for tests.
    target("TestKit", "Support/TestKit", []),
    // MARK: Tests
    // Dies at every boundary of the journal, for ExecutionTests.
    .executableTarget(
      name: "crash-child",
      dependencies: ["Reconciler", "Execution", "Auditing", "Simulator", "Wings", "ClusterModel", "HostAccess"],
      path: "Tests/CrashChild", swiftSettings: strict),
    // What every host and site does, in memory or of real machines: for ContractTests and LabTests.
    .target(
      name: "HostContract",
      dependencies: ["Reconciler", "Planning", "Wings", "Pacemaker", "HostAccess", "ClusterModel"],
      path: "Tests/Contract", swiftSettings: strict),
    // Hears of what is synced and renamed, for AuditingTests.
    .target(name: "SyncWitness", path: "Tests/SyncWitness"),
    tests("SpecReadingTests", ["SpecReading", "SpecForms", "Wings", "ClusterModel", "Diagnostics"]),
    tests("TemplatesTests", ["Templates"]),
    tests(
      "PlanningTests",
      [
        "Planning", "Wings", "SpecForms", "Pacemaker", "SpecReading", "ClusterModel", "Diagnostics", "HostAccess",
        "Simulator",
      ]),
    tests(
      "ExecutionTests",
      [
        "Execution", "Observation", "Planning", "Wings", "SpecReading", "ClusterModel", "HostAccess",
        "Simulator", "crash-child", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    tests(
      "AuditingTests",
      [
        "Auditing", "Git", "SyncWitness", "Reconciler", "Execution", "Simulator", "Wings", "Pacemaker",
        "ClusterModel", "HostAccess",
      ]),
    tests(
      "ResourcesTests",
      [
        "Wings", "SpecReading", "ClusterModel", "Diagnostics", "Observation", "Planning", "HostAccess",
        "Pacemaker", "Simulator",
      ]),
    tests("HighAvailabilityTests", ["Wings", "Pacemaker", "XML", "ClusterModel", "Diagnostics"]),
    tests(
      "ContractTests",
      [
        "HostContract", "Comparison", "Reconciler", "Execution", "Simulator", "Wings", "Pacemaker", "HostAccess",
        "ClusterModel",
      ]),
    tests(
      "ProvisioningTests",
      ["Wings", "AgentServer", "HostAccess", "Planning", "SpecReading", "ClusterModel", "Diagnostics"]),
    tests(
      "HostAccessTests",
      [
        "HostAccess", "AgentServer", "Wings", "Pacemaker", "ClusterModel", "cluster-agent",
        .product(name: "InMemoryLogging", package: "swift-log"), .product(name: "Logging", package: "swift-log"),
      ]),
    tests("FuzzTests", ["Fuzzing"]),
    tests(
      "CommandLineTests",
      [
        "cluster", "Templates", "DiagnosticPages", "Diagnostics", "Execution", "Planning", "Auditing", "Wings",
        "ClusterModel",
        "HostAccess",
      ]),
    tests("SimulationTests", ["Simulation", "Simulator", "Execution", "Wings", "HostAccess", "ClusterModel"]),
    tests(
      "ReconcilerTests",
      [
        "Reconciler", "Comparison", "Auditing", "Execution", "Planning", "Simulator", "SpecReading", "Wings",
        "Pacemaker",
        "HostAccess", "ClusterModel", "Diagnostics", "BuiltInSets",
      ]),
    tests("TidyTests", []),
    tests(
      "LabTests",
      [
        "HostContract", "Reconciler", "Lab", "Wings", "ClusterModel", "SpecReading", "HostAccess", "AgentServer",
        "BuiltInSets",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

// libFuzzer's runtime is linked only where it is asked for: see scripts/fuzz.
if Context.environment["CLUSTER_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(name: "fuzz", dependencies: ["Fuzzing"], path: "Sources/Apps/Fuzz", swiftSettings: strict))
}

func target(_ name: String, _ path: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: "Sources/" + path, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: name, dependencies: ["TestKit"] + dependencies, path: "Tests/" + name, exclude: exclusions(name),
    swiftSettings: strict)
}

/// Golden cases are read from the source tree, so that they can be updated in place.
func exclusions(_ name: String) -> [String] {
  switch name {
  case "SpecReadingTests", "PlanningTests", "ResourcesTests", "HighAvailabilityTests", "CommandLineTests",
    "HostAccessTests":
    ["cases"]
  case "FuzzTests": ["corpus", "spec.dict"]
  default: []
  }
}
