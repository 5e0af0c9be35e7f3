import Bytes
import Tensors

extension NumPy {
  /// Gathers the arrays of a file as tensors.
  struct ArrayReader {
    private let file: any ByteSource
    /// The file, and what is inflated from it or has another order of elements.
    private(set) var sources: [any ByteSource]
    private(set) var tensors: [TensorDescriptor] = []
    private var remarks: [String] = []
    /// Members that are no arrays.
    private var others: [String] = []

    init(_ file: any ByteSource) {
      self.file = file
      sources = [file]
    }

    func checkpoint(path: String, kind: String) -> Checkpoint {
      var remarks = remarks
      if !others.isEmpty {
        remarks.append("\(counted(others.count, "member")) not named .npy left out: \(others.quotedList(limit: 4))")
      }
      return Checkpoint(
        container: .numPy, path: path, files: sources, metadata: Metadata(), tensors: tensors,
        containerFacts: ["kind": kind], remarks: remarks)
    }

    /// Reads a member of an archive; one with another ending is only remarked on.
    mutating func read(_ member: ZipMember, of archive: ZipArchive) throws {
      guard member.name.hasSuffix(NumPy.arrayEnding) else { return others.append(member.name) }
      let content: ZipContent
      do throws(ZipError) {
        content = try archive.content(of: member)
      } catch {
        throw error.located(in: file.path)
      }
      try read(
        content.source, offset: content.offset, byteCount: content.byteCount, name: NumPy.name(of: member.name),
        member: member.name)
    }

    /// Reads the array in the `byteCount` bytes of `source` from `offset` on.
    ///
    /// - Parameter member: the member's name in messages; nil for a file of one array.
    mutating func read(
      _ source: any ByteSource, offset: Int, byteCount: Int, name: String, member: String? = nil
    ) throws {
      do {
        try add(source, offset: offset, byteCount: byteCount, name: ExactString(name))
      } catch let error as NumPyError {
        guard let member else { throw LocatedError(path: file.path, reason: error) }
        throw LocatedError(path: file.path, reason: MemberError(member: member, reason: error))
      }
    }

    private mutating func add(
      _ source: any ByteSource, offset: Int, byteCount: Int, name: TensorName
    ) throws {
      let header = try NumPy.header(source, at: offset, byteCount: byteCount)
      let available = byteCount - header.dataOffset, start = offset + header.dataOffset
      guard case .known(let format) = header.type else {
        guard case .unknown(let words) = header.type else { return }
        append(name, .unknown(words), header.shape, source, at: start, byteCount: 0)
        return
      }
      guard let needed = format.byteCount(elementCount: header.shape.elementCount) else {
        throw NumPyError.shapeOverflows(header.shape.description)
      }
      guard needed <= available else { throw NumPyError.dataCutOff(byteCount: needed, available: available) }
      if needed < available {
        remarks.append("array \(name.text.quoted): \(counted(available - needed, "byte")) follow its data")
      }
      guard header.isFortranOrder, header.shape.rank > 1, needed > 0 else {
        return append(name, .known(format), header.shape, source, at: start, byteCount: needed)
      }
      // The first index is fastest: each dimension is as far from the next element as all before it are large.
      var strides: [Int] = [], stride = format.bytesPerBlock
      for extent in header.shape.dimensions {
        strides.append(stride)
        stride *= max(1, extent)
      }
      let part = GatheredSource.Part(
        start: strides.map { _ in 0 }, extents: header.shape.dimensions, source: source, offset: start,
        strides: strides)
      guard
        let gathered = GatheredSource(
          path: source.path, shape: header.shape.dimensions, elementByteCount: format.bytesPerBlock, parts: [part])
      else { throw NumPyError.shapeOverflows(header.shape.description) }
      append(name, .known(format), header.shape, gathered, at: 0, byteCount: needed)
    }

    private mutating func append(
      _ name: TensorName, _ format: DeclaredFormat, _ shape: Shape, _ source: any ByteSource, at offset: Int,
      byteCount: Int
    ) {
      var index = 0
      if source.path != file.path || source is GatheredSource {
        index = sources.count
        sources.append(source)
      }
      tensors.append(
        TensorDescriptor(
          name: name, declaredFormat: format, shape: shape, fileIndex: index, fileOffset: offset, byteCount: byteCount))
    }
  }

  /// An error of an array in an archive.
  struct MemberError: IngotError {
    let member: String
    let reason: NumPyError
    var category: ErrorCategory { .input }
    var description: String { "member \(member.quoted): \(reason)" }
  }
}
