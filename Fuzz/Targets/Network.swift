import Bytes
import HTTP

extension FuzzTarget {
  static let network: [FuzzTarget] = [
    FuzzTarget("http", "heads and bodies of answers: not more than was asked for is kept", limit: 1024) { input in
      let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false)
      for offset in [nil, 0, 7] {
        let text = try received(lines, from: offset)
        try Finding.require(
          text?.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ?? true,
          "the reason of a server has control characters")
      }
    },
    FuzzTarget("hub-listing", "the files of a model: folders have the names that lead to files, and none leads out") {
      input in
      do {
        try requireTree(HubListing(input), "")
      } catch let fault as HTTPFault {
        // As whoever asks the hub words it.
        throw FileError.remote(path: "hf:org/model", .http(fault))
      }
    },
  ]

  private static func requireTree(_ listing: HubListing, _ folder: String) throws {
    for name in listing.names(in: folder) {
      let path = folder.isEmpty ? name : folder + "/" + name
      try Finding.require(
        name != "" && name != ".." && !name.utf8.contains { $0 == 0 || $0 == 0x2F }, "a name leads out of its folder")
      guard let kind = listing.kind(of: path) else { throw Finding(fact: "a name leads to no file") }
      if kind == .folder { try requireTree(listing, path) }
    }
  }

  /// Gives a transfer the lines up to an empty one as its head, and the others as its body; returns the server's reason.
  private static func received(_ lines: [ArraySlice<UInt8>], from offset: Int?) throws -> String? {
    var room = [UInt8](repeating: 0, count: 64)
    return try room.withUnsafeMutableBytes { room in
      let transfer = Transfer(into: room, from: offset, of: nil)
      var isBody = false
      for line in lines {
        try line.withUnsafeBytes { bytes in
          let taken = isBody ? transfer.receive(body: bytes) : transfer.receive(head: bytes)
          try Finding.require(taken <= bytes.count, "\(taken) of \(bytes.count) bytes are taken")
        }
        if line.isEmpty { isBody = true }
      }
      _ = transfer.isBeyondEnd
      _ = transfer.response(from: "https://host/file").entityTag
      try Finding.require(transfer.byteCount <= room.count, "\(transfer.byteCount) bytes are kept")
      return transfer.reasonText
    }
  }
}
