import Bytes
import Tensors

// An edit replaces the metadata member of the header; the rest of the header and the data stay the same:
//
//   { "__metadata__":{ TEXT: TEXT, … }␠␠␠,NAME:{ … },… }␠␠␠
//   └┬────────────── member ──────────┴room             └room
//    └ where it is inserted if the header has none
//
// A member that fits the old one and its room is written there, and nothing after it moves. A file that must grow gets
// as many spaces of room there as let it share blocks with the old one, so the next edit is likely to fit.

extension SafeTensors {
  /// Edits the strings under `__metadata__` of one safetensors file.
  public struct Editor: Sendable {
    /// The strings; edit them, then save.
    public var metadata: Metadata
    private let original: Metadata
    private let file: any ByteSource
    /// The header without its length.
    private let text: [UInt8]
    /// The range of `"__metadata__":{…}` in it; nil if it has none.
    private let member: Range<Int>?

    private var dataOffset: Int { SafeTensors.lengthByteCount + text.count }

    /// Reads only the file at `path`, not the set that it may belong to.
    ///
    /// - Throws: `LocatedError` of a `SafeTensorsError` for an invalid file.
    public init(_ path: String) throws {
      file = try InputLocation.openUnpacked(path)
      do throws(SafeTensorsError) {
        text = try SafeTensors.headerBytes(file)
        let dataByteCount = file.byteCount - SafeTensors.lengthByteCount - text.count
        let reader = try SafeTensors.validated(text, dataByteCount: dataByteCount)
        metadata = reader.metadata
        original = metadata
        member = reader.metadataRange
      } catch {
        throw error.located(in: path)
      }
    }

    /// Writes the changes into the file, in place if they are small and fit, otherwise through a new file.
    public func save() throws -> EditOutcome {
      guard metadata != original || metadata.pairs.keys != original.pairs.keys else { return .unchanged }
      return try EditOutcome.replacingHeader(of: file, dataOffset: dataOffset, by: try header())
    }

    /// Writes the file with the changes under another name.
    public func save(to path: String, overwrite policy: OverwritePolicy) throws {
      guard !file.isFile(at: path) else { throw FileError.isInput(path: path) }
      try AtomicFile.write(try header(), before: file, from: dataOffset, to: path, overwrite: policy)
    }

    /// Returns the file up to the data, with the edited strings.
    func header() throws(SafeTensorsError) -> [UInt8] {
      let changed = Array(try SafeTensors.member(metadata).utf8)
      let (front, room, back) = parts()
      let spaces = { (count: Int) in [UInt8](repeating: UInt8(ascii: " "), count: count) }
      if changed.count <= room {
        return try SafeTensors.header(front + changed + spaces(room - changed.count) + back)
      }
      let trimmed = back.prefix((back.lastIndex { $0 != UInt8(ascii: " ") } ?? -1) + 1)
      let byteCount = front.count + changed.count + trimmed.count
      if byteCount <= text.count {
        return try SafeTensors.header(front + changed + trimmed + spaces(text.count - byteCount))
      }
      let start = SafeTensors.lengthByteCount + byteCount
      let aligned = start.aligned(to: SafeTensors.dataAlignment) ?? start
      let isWorthPadding = file.byteCount - dataOffset >= SafeTensors.sharedByteCountWorthPadding
      let padding = isWorthPadding ? SafeTensors.padding(from: aligned, to: dataOffset) : 0
      let fits = padding.isMultiple(of: SafeTensors.dataAlignment)
      return try SafeTensors.header(front + changed + spaces(aligned - start + (fits ? padding : 0)) + trimmed)
    }

    /// Returns the text before the member, the bytes that the member may take, and the text after it.
    private func parts() -> (front: [UInt8], room: Int, back: [UInt8]) {
      func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
      guard let member else {
        let rest = text.dropFirst().drop(while: isSpace)
        let isAlone = rest.first == UInt8(ascii: "}")
        return ([UInt8(ascii: "{")], 0, (isAlone ? [] : [UInt8(ascii: ",")]) + rest)
      }
      let back = text[member.upperBound...].drop(while: isSpace)
      return (Array(text[..<member.lowerBound]), back.startIndex - member.lowerBound, Array(back))
    }
  }
}
