using System.Text.Json;
using Google.Protobuf;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>Writes tokenizer.model files: SentencePiece's ModelProto, field by field.</summary>
internal sealed class SentencePieceFile
{
    public const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;

    public List<(string Text, float Score, int Kind)> Pieces { get; } = [];

    public int ModelType { get; set; } = 2;

    public bool ByteFallback { get; set; } = true;

    public bool AddDummyPrefix { get; set; } = true;

    public bool RemoveExtraWhitespaces { get; set; }

    public bool EscapeWhitespaces { get; set; } = true;

    public int BeginId { get; set; } = 1;

    public int PaddingId { get; set; } = -1;

    public string CharacterMap { get; set; } = "";

    /// <summary>
    /// Llama 2's pieces with scores as in its own file: minus the place among the pieces that follow the bytes, and the runs of
    /// blanks, which were put in by hand, behind all others.
    /// </summary>
    public static SentencePieceFile OfLlama2(string tokenizerJson)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(tokenizerJson));
        var file = new SentencePieceFile();
        foreach (JsonProperty piece in document.RootElement.GetProperty("model").GetProperty("vocab").EnumerateObject().OrderBy(entry => entry.Value.GetInt32()))
        {
            int id = piece.Value.GetInt32();
            int kind = id switch { 0 => Unknown, 1 or 2 => Control, < 259 => Byte, _ => Normal };
            bool isRun = piece.Name.Length > 1 && piece.Name.All(character => character == '▁');
            file.Pieces.Add((piece.Name, id < 259 ? 0 : isRun ? -1e9f : 259 - id, kind));
        }

        return file;
    }

    /// <summary>unk, s, /s, the bytes, and these pieces with falling scores.</summary>
    public static SentencePieceFile OfPieces(params string[] pieces)
    {
        var file = new SentencePieceFile { Pieces = { ("<unk>", 0, Unknown), ("<s>", 0, Control), ("</s>", 0, Control) } };
        for (int value = 0; value < 256; value++) file.Pieces.Add(($"<0x{value:X2}>", 0, Byte));
        foreach (string piece in pieces) file.Pieces.Add((piece, 259 - file.Pieces.Count, Normal));
        return file;
    }

    public byte[] ToBytes() => Message(output =>
    {
        foreach ((string text, float score, int kind) in Pieces)
        {
            Embed(output, 1, piece =>
            {
                piece.WriteTag(1, WireFormat.WireType.LengthDelimited);
                piece.WriteString(text);
                piece.WriteTag(2, WireFormat.WireType.Fixed32);
                piece.WriteFloat(score);
                Number(piece, 3, kind);
            });
        }

        Embed(output, 2, trainer =>
        {
            Number(trainer, 3, ModelType);
            Number(trainer, 35, ByteFallback ? 1 : 0);
            Number(trainer, 40, 0);
            Number(trainer, 41, BeginId);
            Number(trainer, 42, 2);
            Number(trainer, 43, PaddingId);
        });
        Embed(output, 3, normalizer =>
        {
            normalizer.WriteTag(1, WireFormat.WireType.LengthDelimited);
            normalizer.WriteString(CharacterMap.Length > 0 ? "nmt_nfkc" : "identity");
            normalizer.WriteTag(2, WireFormat.WireType.LengthDelimited);
            normalizer.WriteString(CharacterMap);
            Number(normalizer, 3, AddDummyPrefix ? 1 : 0);
            Number(normalizer, 4, RemoveExtraWhitespaces ? 1 : 0);
            Number(normalizer, 5, EscapeWhitespaces ? 1 : 0);
        });
    });

    private static void Number(CodedOutputStream output, int field, int value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt32(value);
    }

    private static void Embed(CodedOutputStream output, int field, Action<CodedOutputStream> members)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(Message(members)));
    }

    private static byte[] Message(Action<CodedOutputStream> members)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true)) members(output);
        return stream.ToArray();
    }
}
