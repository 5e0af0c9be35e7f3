import Bytes

// archive = member … zeros        (POSIX.1-1988 ustar, and GNU's variant; 512 bytes to a block)
// member  = 0 ┊ name 100 │ 100 ┊ mode, owner │ 124 ┊ bytes, 12 octal digits │ 136 ┊ time │ 148 ┊ sum │ 156 ┊ kind
//           257 ┊ "ustar" │ … │ 512 ┊ data, padded to whole blocks
//
// Kind "0" or 0 is a file. Others, such as folders and the records of pax, are passed over.

/// The files in a tar archive by their names, as ranges of its bytes.
struct TarArchive {
  private static let blockByteCount = 512
  /// At most this many members are looked at.
  private static let maximumMemberCount = 1_000

  private var ranges: [ExactString: Range<Int>] = [:]

  init(_ file: any ByteSource) throws(TarError) {
    var offset = 0
    for _ in 0..<Self.maximumMemberCount where offset + Self.blockByteCount <= file.byteCount {
      let block: [UInt8]
      do throws(FileError) {
        block = try file.bytes(at: offset, count: Self.blockByteCount)
      } catch {
        throw .unreadable(error)
      }
      guard block[0] != 0 else { return }
      guard block[257..<262].elementsEqual("ustar".utf8), let byteCount = Self.octal(block[124..<136]) else {
        throw .header(offset: offset)
      }
      let start = offset + Self.blockByteCount
      guard byteCount <= file.byteCount - start else {
        throw .cutOff(name: Self.name(block), byteCount: byteCount, available: file.byteCount - start)
      }
      if block[156] == UInt8(ascii: "0") || block[156] == 0 {
        guard ranges.updateValue(start..<start + byteCount, forKey: ExactString(Self.name(block))) == nil else {
          throw .duplicate(Self.name(block))
        }
      }
      offset = start + (byteCount + Self.blockByteCount - 1) / Self.blockByteCount * Self.blockByteCount
    }
  }

  /// The bytes of the file with this name.
  subscript(_ name: String) -> Range<Int>? { ranges[ExactString(name)] }

  /// Whether `file` has the members of PyTorch's old form, as far as it can be read.
  static func isPyTorch(_ file: any ByteSource) -> Bool {
    guard let archive = try? TarArchive(file) else { return false }
    return PyTorch.tarMembers.allSatisfy { archive[$0] != nil }
  }

  private static func name(_ block: [UInt8]) -> String {
    let name = String(decoding: block[..<100].prefix { $0 != 0 }, as: UTF8.self)
    return name.hasPrefix("./") ? String(name.dropFirst(2)) : name
  }

  /// The number of eleven octal digits at most, which end in a space or zero byte.
  private static func octal(_ digits: ArraySlice<UInt8>) -> Int? {
    let text = digits.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
    guard !text.isEmpty, text.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
    return text.reduce(0) { $0 << 3 | Int($1 - 0x30) }
  }
}

/// An error of a tar archive, worded after the file's name.
enum TarError: IngotError {
  case unreadable(FileError)
  case header(offset: Int)
  case cutOff(name: String, byteCount: Int, available: Int)
  case duplicate(String)
  case noMember(String)

  var category: ErrorCategory { .input }

  var description: String {
    switch self {
    case .unreadable(let error): error.description
    case .header(let offset): "tar archive at byte \(offset.grouped): expected the header of a member"
    case .cutOff(let name, let byteCount, let available):
      "tar archive: member \(name.quoted): \(missing(byteCount - available))"
    case .duplicate(let name): "tar archive: member \(name.quoted): is there twice"
    case .noMember(let name): "tar archive has no member \(name.quoted), expected a PyTorch checkpoint"
    }
  }
}
