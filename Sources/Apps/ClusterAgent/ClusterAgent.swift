// SPDX-License-Identifier: Apache-2.0

@main
struct ClusterAgent {
  static func main() async {}
}
