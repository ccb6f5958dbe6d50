// SPDX-License-Identifier: Apache-2.0

/// The descriptions that the agents give of themselves: `crm ra info ocf:cluster:service`.
enum OCFMetadata {
  static let service = document(
    "service", "systemd unit with a health check",
    "Runs a systemd unit, and checks over the network that it answers.",
    [
      ("unit", "systemd unit", "The unit, with its suffix. It must be disabled in systemd: Pacemaker starts it.", true),
      (
        "marker", "mark of its state", "A file without which the unit is not started: its folder is not mounted.", false
      ),
      ("marker_text", "text of the mark", "The first line that the file must have.", false),
      ("http_url", "page to fetch", "A page that must be served for the unit to be healthy.", false),
      ("dns_server", "DNS server to ask", "The address of a DNS server that must answer for dns_name.", false),
      ("dns_name", "name to ask for", "The name to ask dns_server for.", false),
      ("tcp_address", "address to connect to", "The address at which tcp_port must take connections.", false),
      ("tcp_port", "port to connect to", "A port that must take connections for the unit to be healthy.", false),
      (
        "program", "program to run",
        "A program that must end with status 0 for the unit to be healthy. It gets no arguments.", false
      ),
      (
        "program_every", "milliseconds that its answer holds",
        "Not at each look, but when a right answer is so old, or the main process is another one. A process that is stopped by a signal is seen without it.",
        false
      ),
      (
        "program_port", "port of the unit's clients",
        "Where connections have waited there for two seconds, the program is run whatever it said before.", false
      ),
    ])

  static let address = document(
    "address", "IPv4 or IPv6 address",
    "An address that moves between heads. ocf:heartbeat:IPaddr2 sets it and takes it away.",
    [
      ("ip", "address", "The address.", true),
      ("cidr_netmask", "length of the prefix", "The length of its network's prefix.", false),
      ("nic", "network card", "The card that it belongs on.", false),
      (
        "preferred_lft", "seconds of preference",
        "How long an IPv6 address is one that connections of the head itself come from: 0 for never.", false
      ),
    ])

  static let link = document(
    "link", "carrier of a network card",
    "Tells in an attribute of the head whether a network card has its carrier: 1 or 0.",
    [
      (
        "interface", "network card", "The card, or HEAD=CARD for each head where its name is not the same on all.", true
      ),
      ("attribute", "node attribute", "The name of the attribute.", true),
    ])

  static let folder = document(
    "folder", "ext4 on a disk of one head at a time",
    "Mounts a disk on the head that is active, and nowhere else.",
    [
      ("device", "device", "The disk, or a file that is one.", true),
      ("directory", "folder", "Where it is mounted.", true),
      ("options", "options", "Options of mount(8).", false),
    ])

  static let failback = document(
    "failback", "time to go back to the first head",
    "Finds out where the services run when it costs least to move them back, and tells it in an attribute of their own head.",
    [
      ("home", "own head", "The head that the services go back to.", true),
      ("gap", "seconds of quiet", "For how many seconds nothing is to be due.", true),
      ("within", "times of the day", "When they may go: 22:00-06:00. Without it at any time.", false),
      (
        "programs", "programs to ask",
        "Programs that end with status 0 while nobody would miss a service, and else print why. They get the seconds.",
        false
      ),
    ])

  static let lastHeads = document(
    "last-heads", "who is left of three heads or more",
    "Has Corosync count no more on heads that are off, and treat the last two as a pair, of which one may go on alone.",
    [("heads", "heads", "The names of all heads.", true)])

  static let replica = document(
    "replica", "stand-in for DRBD",
    "Keeps a disk of this head the same as the other head's, by a program: for labs whose heads have no kernel of their own.",
    [], isPromotable: true)

  private static let promotable = """
    <action name="promote" timeout="240s"/>
    <action name="demote" timeout="90s"/>
    <action name="monitor" timeout="40s" interval="5s" role="Promoted"/>
    <action name="monitor" timeout="45s" interval="6s" role="Unpromoted"/>
    """

  private static func document(
    _ name: String, _ short: String, _ long: String,
    _ parameters: [(name: String, short: String, long: String, isRequired: Bool)], isPromotable: Bool = false
  ) -> String {
    let described = parameters.map { parameter in
      """
      <parameter name="\(parameter.name)" required="\(parameter.isRequired ? 1 : 0)">
      <longdesc lang="en">\(parameter.long)</longdesc>
      <shortdesc lang="en">\(parameter.short)</shortdesc>
      <content type="string"/>
      </parameter>
      """
    }
    return """
      <?xml version="1.0"?>
      <!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
      <resource-agent name="\(name)" version="1.0">
      <version>1.0</version>
      <longdesc lang="en">\(long)</longdesc>
      <shortdesc lang="en">\(short)</shortdesc>
      <parameters>
      \(described.joined(separator: "\n"))
      </parameters>
      <actions>
      <action name="start" timeout="30s"/>
      <action name="stop" timeout="30s"/>
      \(isPromotable ? promotable : "<action name=\"monitor\" timeout=\"20s\" interval=\"3s\"/>")
      <action name="meta-data" timeout="5s"/>
      <action name="validate-all" timeout="5s"/>
      </actions>
      </resource-agent>

      """
  }
}
