import Bytes
import Tensors

// An edit replaces the texts of the header and leaves everything else in it, and the data, as it is:
//
//   { "__metadata__":{ TEXT: TEXT, … }␠␠␠,NAME:{ … },… }␠␠␠
//   └┬────────────── member ──────────┴room             └room
//    └ where a header without texts gets them
//
// What fits the member and its room goes there, and nothing behind it moves. A file that must grow gets as many spaces
// of room there as let it share blocks with the old one, so the next edit is likely to fit.

extension SafeTensors {
  /// One safetensors file whose texts under `__metadata__` are to be changed.
  public struct Editor: Sendable {
    /// The texts, to be changed as one likes.
    public var metadata: Metadata
    private let original: Metadata
    private let file: InputFile
    /// The header without its length.
    private let text: [UInt8]
    /// Where `"__metadata__":{…}` stands in it; nil if it does not.
    private let member: Range<Int>?

    private var dataOffset: Int { SafeTensors.lengthByteCount + text.count }

    /// Reads the file at `path`, alone even if it belongs to a set.
    ///
    /// - Throws: `LocatedError` of a `SafeTensorsError` for a file that is not valid.
    public init(_ path: String) throws {
      file = try InputFile(path)
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

    /// Brings the changes into the file, in place where they fit and are small, else by a new file.
    public func save() throws -> EditOutcome {
      guard metadata != original || metadata.pairs.keys != original.pairs.keys else { return .unchanged }
      return try EditOutcome.replacingHeader(of: file, dataOffset: dataOffset, by: try header())
    }

    /// Writes the file with the changes under another name.
    public func save(to path: String, overwrite policy: OverwritePolicy) throws {
      guard !FileSystem.isSameFile(path, file.path) else { throw FileError.isInput(path: path) }
      try AtomicFile.write(try header(), before: file, from: dataOffset, to: path, overwrite: policy)
    }

    /// The file's beginning with the changed texts, up to the data.
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

    /// What stands before the texts, how many bytes they may take, and what stands behind them.
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
