// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

/// The initramfs's own functions in busybox's shell, which is what runs them there, against servers that misbehave.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct InitramfsTests {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Wings/Images/Payload/initramfs-cluster").standardizedFileURL.path

  /// Serves the first half, and then nothing more; whoever asks for the rest gets it. Its port comes first.
  private static let server = """
    use strict; use IO::Socket::INET; $| = 1; $SIG{CHLD} = "IGNORE";
    my $body = join "", map { chr($_ * 7 % 256) } 1 .. 100_000;
    my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 9, ReuseAddr => 1) or die $!;
    print $server->sockport, "\\n";
    while (my $client = $server->accept) {
      next if fork;
      my ($from, $line) = (0, "");
      while (defined($line = <$client>) && $line ne "\\r\\n") { $from = $1 if $line =~ /^Range: bytes=(\\d+)-/i; }
      my $part = substr $body, $from;
      print STDERR "asked from $from\\n";
      printf $client "HTTP/1.1 %s\\r\\nContent-Length: %d\\r\\n\\r\\n", ($from ? "206 Partial Content" : "200 OK"), length $part;
      print $client ($from ? $part : substr $part, 0, 50_000);
      $client->flush;
      sleep 3600 unless $from;
      exit;
    }
    """

  /// Finding 20: nothing is sent by somebody who only waits, so nobody tells him that his connection is gone.
  @Test func aDownloadThatStandsStillGoesOn() async throws {
    let folder = NSTemporaryDirectory() + "initramfs-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Self.server.write(toFile: "\(folder)/server.pl", atomically: true, encoding: .utf8)
    let run = """
      set -u
      perl server.pl > port 2> asked & server=$!
      while [ ! -s port ]; do sleep 0.1; done
      . "$1"
      cluster_log() { echo "cluster: $*"; }
      cluster_fetch "http://127.0.0.1:$(cat port)/root.squashfs" image
      echo "fetched $? $fetched_sha256"
      kill "$server"
      """

    let result = try await Command.run(
      "sh", ["-c", "cd \(folder) && busybox sh -c '\(run)' sh \(Self.script)"], deadline: .seconds(120))

    let wanted = try await Command.run(
      "perl", ["-MDigest::SHA=sha256_hex", "-e", "print sha256_hex(join '', map { chr($_ * 7 % 256) } 1 .. 100_000)"])
    let asked = try String(contentsOfFile: "\(folder)/asked", encoding: .utf8)
    #expect(result.text.contains("stands still at 50000 bytes"), "\(result.text) \(result.lastLines)")
    #expect(result.text.contains("fetched 0 \(wanted.text)"), "\(result.text) \(asked)")
    #expect(asked == "asked from 0\nasked from 50000\n")
  }

  /// Finding 21: it says why it failed, from a port that counts.
  @Test func aFailureIsReportedFromAPortOfRoots() async throws {
    let run = """
      . "$1"
      cluster_log() { echo "cluster: $*"; }
      cluster_argument() { case $1 in head) echo 127.0.0.1 ;; mac) echo 52:54:00:11:00:01 ;; image) echo a/1 ;; esac; }
      cluster_report "image has sha256 x"
      """
    let serve = """
      use IO::Socket::INET; $| = 1;
      my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 80, Listen => 9, ReuseAddr => 1) or die $!;
      print "up\\n"; my $client = $server->accept; print $client->peerport, " ", scalar <$client>;
      print $client "HTTP/1.1 204 No Content\\r\\n\\r\\n"; close $client;
      """
    let folder = NSTemporaryDirectory() + "report-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try serve.write(toFile: "\(folder)/server.pl", atomically: true, encoding: .utf8)
    try run.write(toFile: "\(folder)/run.sh", atomically: true, encoding: .utf8)

    // In a network namespace of its own: port 80 is free there.
    let all =
      "ip link set lo up; cd \(folder); perl server.pl > got & while [ ! -s \(folder)/got ]; do sleep 0.1; done; "
      + "busybox sh \(folder)/run.sh \(Self.script); wait; cat \(folder)/got"
    let result = try await Command.run("unshare", ["--net", "sh", "-c", all], deadline: .seconds(60))

    let line = result.text.split(separator: "\n").last { $0.contains("GET") }.map(String.init) ?? ""
    let port = line.split(separator: " ").first.flatMap { Int($0) } ?? 0
    #expect((1..<1024).contains(port), "\(result.text) \(result.lastLines)")
    #expect(line.contains("/report?mac=52:54:00:11:00:01&event=failed&image=a/1&detail=image+has+sha256+x"))
    #expect(!result.text.contains("did not take"))
  }
}
