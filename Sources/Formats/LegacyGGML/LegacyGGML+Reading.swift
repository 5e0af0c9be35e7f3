import Bytes
import Tensors

// All numbers are little-endian and have 32 bits, so the letters of a magic are reversed in the file.
//
// file       = magic [version] header vocabulary { tensor }              to the end of the file
// magic      = "lmgg" (ggml) | "fmgg" (ggmf) | "tjgg" (ggjt) | "algg" (ggla, an adapter)
// version    = u32: ggmf 1; ggjt 1, 2 or 3; absent in ggml
// header     = u32 n_vocab, n_embd, n_mult, n_head, n_layer, n_rot, ftype
// vocabulary = n_vocab times: u32 byteCount, bytes, and unless the magic is ggml f32 score
// tensor     = u32 rank, u32 nameByteCount, u32 type, rank times u32 dimension (fastest-varying first), name,
//              in ggjt bytes up to the next multiple of 32 of the file, data
//
//  0 ┊ "tjgg" │ 4 ┊ version │ 8 ┊ n_vocab │ 12 ┊ n_embd │ 16 ┊ n_mult │ 20 ┊ n_head │ 24 ┊ n_layer │ 28 ┊ n_rot │ 32 ┊ ftype │ 36
//
// Nothing states the feed-forward width, the key-value heads, the epsilon of norms, the RoPE base or the context length.
// Other programs have other headers (`LegacyGGML.Family`), and the same records of tensors.
//
// GPT4All's first models state 32,001 tokens and have 32,000: a tensor follows in place of the last one.

extension LegacyGGML {
  /// A file, read up to the data of its tensors.
  struct Contents {
    let file: any ByteSource
    let revision: Revision
    /// The program that wrote it; nil for llama.cpp.
    let family: Family?
    /// The words of the header under their names.
    let header: [(name: String, value: UInt32)]
    let vocabulary: TokenList
    /// The tensors in file order, those in old blocks as compositions.
    let tensors: [TensorDescriptor]
    let remarks: [String]

    /// Reads and checks everything but the data of tensors.
    init(_ file: any ByteSource) throws(LegacyGGMLError) {
      var reader = HeaderReader(file)
      let revision = try reader.readRevision()
      let start = reader
      let failure: LegacyGGMLError?
      do throws(LegacyGGMLError) {
        try reader.readLlama()
        failure = nil
      } catch {
        failure = error
      }
      let other = failure == nil && reader.hasNames(Family.llamaNames) ? nil : Self.family(of: start)
      if let failure, other == nil { throw failure }
      family = other?.family
      reader = other?.reader ?? reader
      self.file = file
      self.revision = revision
      header = reader.header
      vocabulary = reader.vocabulary
      (tensors, remarks) = try Self.tensors(of: file, from: reader.cursor.offset, revision, family, header)
    }

    /// The word of the header called `name`; 0 if there is none.
    func value(_ name: String) -> Int { header.first { $0.name == name }.map { Int($0.value) } ?? 0 }

    /// The program whose header and first tensor these are, with the reader after the vocabulary.
    private static func family(of start: HeaderReader) -> (family: Family, reader: HeaderReader)? {
      for family in Family.all where family.magic == start.revision.magic {
        var reader = start
        do throws(LegacyGGMLError) {
          try reader.read(family)
        } catch {
          continue
        }
        if reader.hasNames(family.names) { return (family, reader) }
      }
      return nil
    }

    /// Reads the records of tensors in the block layouts of the revision.
    ///
    /// A file of another program may have any of them; `ftype / 1000` says which, from 14 May 2023 on.
    private static func tensors(
      of file: any ByteSource, from offset: Int, _ revision: Revision, _ family: Family?,
      _ header: [(name: String, value: UInt32)]
    ) throws(LegacyGGMLError) -> ([TensorDescriptor], remarks: [String]) {
      guard family != nil else {
        var reader = RecordReader(file, offset, revision, revision.period)
        try reader.readAll()
        return try reader.composed()
      }
      let type = header.first { $0.name == "ftype" }?.value ?? 0
      let periods: [Period] =
        switch type / 1000 {
        case 0: [.adjacent, .current, .halves]
        case 1: [.halves]
        default: [.current]
        }
      var failure: LegacyGGMLError?
      for period in periods {
        do throws(LegacyGGMLError) {
          var reader = RecordReader(file, offset, revision, period)
          try reader.readAll()
          return try reader.composed()
        } catch {
          failure = failure ?? error
        }
      }
      if let failure { throw failure }
      return ([], [])
    }
  }
}

extension LegacyGGML.Revision {
  /// The block layouts that llama.cpp wrote with this revision.
  var period: LegacyGGML.Period {
    switch version {
    case 2? where magic == .ggjt: .halves
    case 3? where magic == .ggjt: .current
    default: .adjacent
    }
  }
}
