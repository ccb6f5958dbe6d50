// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation
import HostAccess
import SpecReading

/// An image layout of the OCI on this machine: a folder, or an archive of it as tar(1) and skopeo(1) write it.
///
/// Its index, manifest and configuration are read and compared with their digests. Layers are only found here, and
/// their sizes compared: their digests are looked at when they have been copied to the head that builds.
struct OCIArchive {
  /// A layout that no image can begin with: a sentence about it, and what to do.
  struct Unfit: Error {
    var reason: String
    var help: String
  }

  /// - Parameter path: where it is, for people.
  static func read(_ place: URL, _ path: String) throws(Unfit) -> (image: OCIImage, blobs: [String: LocalBlob]) {
    let files = try LayoutFiles(place)
    let layout = OCILayout(files: files)
    let found = try layout.only(of: layout.index())
    let manifest = try layout.manifest(found)
    let contents = [manifest.config] + manifest.layers
    var blobs: [String: LocalBlob] = [:]
    for blob in [found] + contents { blobs[blob.hex] = try layout.place(of: blob) }
    let image = OCIImage(
      path: path, manifest: .init(digest: found.hex, size: found.size),
      contents: contents.map { .init(digest: $0.hex, size: $0.size) })
    return (image, blobs)
  }
}

/// The documents of a layout: image-layout, image-index and manifest of the OCI image specification.
private struct OCILayout {
  struct Descriptor: Decodable {
    struct Platform: Decodable { var architecture: String, os: String }

    var mediaType: String?
    var digest: String
    var size: Int
    var platform: Platform?
    var annotations: [String: String]?

    /// Empty where it is of another algorithm.
    var hex: String { digest.hasPrefix("sha256:") ? String(digest.dropFirst("sha256:".count)) : "" }
    var isOurs: Bool {
      (platform.map { $0.os == "linux" && $0.architecture == "amd64" } ?? true)
        // Signatures and the like that build tools add.
        && annotations?["vnd.docker.reference.type"] == nil
    }
  }
  struct Index: Decodable { var manifests: [Descriptor] }
  struct Manifest: Decodable { var config: Descriptor, layers: [Descriptor] }
  struct Configuration: Decodable { var architecture: String, os: String }

  private static let again = "Write it again: `skopeo copy SOURCE oci-archive:FILE`."
  private static let indexType = "application/vnd.oci.image.index.v1+json"
  private static let layerTypes = ["", "+gzip"].map { "application/vnd.oci.image.layer.v1.tar\($0)" }
  /// Documents are small.
  private static let limit = 4 << 20

  let files: LayoutFiles

  func index() throws(OCIArchive.Unfit) -> Index {
    guard let place = try files.place("index.json"), try files.place("oci-layout") != nil else {
      throw .init(
        reason: "is no OCI layout, and no archive of one.",
        help:
          "It has to hold `oci-layout`, `index.json` and `blobs`. \(Self.again) An archive of `docker save` is copied "
          + "so too: `skopeo copy docker-archive:FILE oci-archive:FILE`.")
    }
    return try decode(try read(place), "index.json")
  }

  /// The only image for our machines.
  func only(of index: Index, depth: Int = 0) throws(OCIArchive.Unfit) -> Descriptor {
    var seen: Set<String> = []
    let fitting = index.manifests.filter(\.isOurs).filter { seen.insert($0.digest).inserted }
    guard let found = fitting.first else {
      throw .init(reason: "holds no image for linux/amd64.", help: "Copy one: `skopeo copy --override-arch amd64 …`.")
    }
    guard fitting.count == 1 else {
      let names = fitting.map { $0.annotations?["org.opencontainers.image.ref.name"] ?? String($0.digest.prefix(19)) }
      throw .init(
        reason: "holds \(fitting.count) images: \(names.joined(separator: ", ")).",
        help:
          "Write the one that is meant into an archive of its own: `skopeo copy oci-archive:FILE:NAME oci-archive:ONE`."
      )
    }
    guard found.mediaType == Self.indexType, depth < 3 else { return found }
    return try only(of: decode(document(found), "an index"), depth: depth + 1)
  }

  func manifest(_ descriptor: Descriptor) throws(OCIArchive.Unfit) -> Manifest {
    guard descriptor.mediaType == OCIImage.manifestType else {
      throw .init(
        reason: "holds an image of another format: \(descriptor.mediaType ?? "none is named").",
        help: "Write it as one of the OCI: `skopeo copy --format oci SOURCE oci-archive:FILE`.")
    }
    let manifest: Manifest = try decode(document(descriptor), "the manifest")
    for layer in manifest.layers where !Self.layerTypes.contains(layer.mediaType ?? "") {
      throw .init(
        reason: "has a layer of a kind that umoci(1) does not unpack: \(layer.mediaType ?? "none is named").",
        help: "Write it with gzip: `skopeo copy --format oci --dest-compress-format gzip SOURCE oci-archive:FILE`.")
    }
    let configuration: Configuration = try decode(document(manifest.config), "the configuration")
    guard configuration.os == "linux", configuration.architecture == "amd64" else {
      throw .init(
        reason: "is an image for \(configuration.os)/\(configuration.architecture), and nodes are linux/amd64.",
        help: "Copy the one for amd64: `skopeo copy --override-arch amd64 …`.")
    }
    return manifest
  }

  func place(of blob: Descriptor) throws(OCIArchive.Unfit) -> LocalBlob {
    guard blob.hex.utf8.count == 64, blob.hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
    else {
      throw .init(reason: "names a blob by something else than its SHA-256: \(blob.digest).", help: Self.again)
    }
    guard let place = try files.place("blobs/sha256/\(blob.hex)") else {
      throw .init(reason: "is not whole: \(blob.digest) is missing.", help: Self.again)
    }
    guard place.size == blob.size else {
      throw .init(
        reason: "is damaged: \(blob.digest) has \(place.size) bytes instead of \(blob.size).", help: Self.again)
    }
    return place
  }

  /// A document under its digest.
  private func document(_ descriptor: Descriptor) throws(OCIArchive.Unfit) -> [UInt8] {
    let bytes = try read(place(of: descriptor))
    guard SHA256.hex(bytes) == descriptor.hex else {
      throw .init(reason: "is damaged: \(descriptor.digest) holds other bytes.", help: Self.again)
    }
    return bytes
  }

  private func read(_ place: LocalBlob) throws(OCIArchive.Unfit) -> [UInt8] {
    guard place.size <= Self.limit else {
      throw .init(reason: "has a document of \(place.size >> 20) MiB, which none is.", help: Self.again)
    }
    do { return try place.bytes(from: 0, count: place.size) } catch {
      throw .init(
        reason: "cannot be read: \(error.cause ?? error.message).", help: "Check its permissions, and the disk.")
    }
  }

  private func decode<Document: Decodable>(_ bytes: [UInt8], _ what: String) throws(OCIArchive.Unfit) -> Document {
    do { return try JSONDecoder().decode(Document.self, from: Data(bytes)) } catch {
      throw .init(reason: "is damaged: \(what) cannot be understood.", help: Self.again)
    }
  }
}

extension Specification {
  /// Looks into the OCI images that client images begin with. Relative paths begin at the folder of the description.
  mutating func openBases(_ cluster: Cluster, beside folder: URL) -> [Diagnostic] {
    var (missing, problems): ([String], [Diagnostic]) = ([], [])
    for path in SpecReader.bases(cluster) {
      let place = path.hasPrefix("/") ? URL(filePath: path) : folder.appending(path: path)
      guard FileManager.default.fileExists(atPath: place.path) else {
        missing.append(path)
        continue
      }
      do throws(OCIArchive.Unfit) {
        let (image, found) = try OCIArchive.read(place, path)
        files.oci[path] = image
        blobs.merge(found) { first, _ in first }
      } catch { problems += SpecReader.unusableBase(path, error.reason, help: error.help, cluster) }
    }
    return SpecReader.missingBases(missing, cluster) + problems
  }
}

/// The files of a layout, wherever their bytes are.
private struct LayoutFiles {
  private let folder: String?
  private let members: [String: LocalBlob]

  init(_ place: URL) throws(OCIArchive.Unfit) {
    var isFolder: ObjCBool = false
    // Whether there is anything was asked before.
    _ = FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
    folder = isFolder.boolValue ? place.path : nil
    members = isFolder.boolValue ? [:] : try TarMembers.read(place.path)
  }

  func place(_ name: String) throws(OCIArchive.Unfit) -> LocalBlob? {
    guard let folder else { return members[name] }
    var facts = stat()
    let path = "\(folder)/\(name)"
    if stat(path, &facts) == 0 {
      return facts.st_mode & S_IFMT == S_IFREG ? LocalBlob(file: path, offset: 0, size: Int(facts.st_size)) : nil
    }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw .init(
      reason: "cannot be read: \(String(cString: strerror(errno))).", help: "Check the permissions of \(path).")
  }
}

/// The regular files of an archive: tar(5), as far as layouts need it. Their names are shorter than a header's field.
private enum TarMembers {
  private static let block = 512

  static func read(_ path: String) throws(OCIArchive.Unfit) -> [String: LocalBlob] {
    var facts = stat()
    guard stat(path, &facts) == 0 else {
      throw .init(
        reason: "cannot be read: \(String(cString: strerror(errno))).", help: "Check the permissions of \(path).")
    }
    let size = Int(facts.st_size)
    let whole = LocalBlob(file: path, offset: 0, size: size)
    var members: [String: LocalBlob] = [:]
    var offset = 0
    while offset + block <= size {
      let header: [UInt8]
      do { header = try whole.bytes(from: offset, count: block) } catch {
        throw .init(reason: "cannot be read: \(error.cause ?? error.message).", help: "Check \(path), and the disk.")
      }
      if offset == 0, header.starts(with: [0x1f, 0x8b]) || header.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
        throw .init(
          reason: "is compressed as a whole.", help: "Its layers are already. Unpack it once: `gunzip` or `unzstd`.")
      }
      if header.allSatisfy({ $0 == 0 }) { return members }
      guard let length = number(header[124..<136]), sum(header) == number(header[148..<156]) else {
        throw .init(
          reason: offset == 0 ? "is no archive of an OCI layout." : "is damaged: a header of its archive is none.",
          help: "Write it again: `skopeo copy SOURCE oci-archive:FILE`.")
      }
      let start = offset + block
      guard start + length <= size else {
        throw .init(
          reason: "is damaged: it ends in the middle of a file.",
          help: "Write or copy it again: `skopeo copy SOURCE oci-archive:FILE`.")
      }
      if header[156] == 0 || header[156] == UInt8(ascii: "0") {
        let name = text(header[0..<100])
        members[name.hasPrefix("./") ? String(name.dropFirst(2)) : name] = LocalBlob(
          file: path, offset: start, size: length)
      }
      offset = start + (length + block - 1) / block * block
    }
    throw .init(
      reason: size < block ? "is no archive of an OCI layout." : "is damaged: its archive has no end.",
      help: "Write or copy it again: `skopeo copy SOURCE oci-archive:FILE`.")
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String {
    String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Octal digits; or, for what is too large for them, a number in the base of 256.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    if let first = field.first, first & 0x80 != 0 {
      guard first == 0x80, field.dropFirst().prefix(4).allSatisfy({ $0 == 0 }) else { return nil }
      let value = field.suffix(7).reduce(0) { $0 << 8 | Int($1) }
      return value
    }
    let digits = text(field).filter { $0 != " " }
    return digits.isEmpty ? nil : Int(digits, radix: 8)
  }

  /// The sum of a header, in which the field of the sum counts as blanks.
  private static func sum(_ header: [UInt8]) -> Int {
    header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
  }
}
