// SPDX-License-Identifier: Apache-2.0

/// Beginnings of descriptions that several labs have.
enum LabDescription {
  /// One head, a network that boots, and BMCs: all before `images:`.
  static let oneHead = """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks:
      public: { cidr: 198.51.100.0/24, gateway: 198.51.100.1, dns: [198.51.100.1] }
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
      bmc: { cidr: 10.3.0.0/16 }
    repositories: { proxy: "http://198.51.100.1:3142" }
    heads:
      head1:
        nics:
          eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }
          eth1: { network: public, address: 198.51.100.11, mac: 52:54:00:02:00:01 }
        bmc: { address: 10.3.0.1, protocol: ipmi, user: admin, password: secret:bmc/head1 }
    """
}
