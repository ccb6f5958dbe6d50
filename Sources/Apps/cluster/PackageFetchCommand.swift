// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import HostAccess
import Reconciler
import SpecReading
import Wings

struct PackageFetchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Get the package sets that the description takes from other repositories.",
    discussion: "Those whose commits are here already are left as they are: a commit is what it is.")

  @OptionGroup var options: SiteOptions

  func run() async throws {
    try await Failure.telling {
      // The description alone: it has errors as long as its sets are not here.
      guard let cluster = try Specification.description(options.location) else {
        _ = try options.specification()
        throw ExitCode.failure
      }
      let origins = cluster.setRequests.compactMap(\.origin)
      if origins.isEmpty { return Terminal.print("No package set comes from another repository.") }
      let sets = FetchedSets.ofUser
      for origin in origins {
        let name = "\(origin.repository) \(origin.commit.prefix(12))"
        if try sets.has(origin) {
          Terminal.print("\(name)  is here")
          continue
        }
        do throws(AgentError) { try await sets.fetch(origin) } catch {
          throw Failure("\(error)", next: error.next)
        }
        guard try sets.has(origin) else {
          throw Failure(
            "\(origin.repository) has no commit \(origin.commit)",
            next: "Check the commit: it has to be on a branch or a tag of that repository.")
        }
        Terminal.print("\(name)  fetched")
      }
    }
  }
}
