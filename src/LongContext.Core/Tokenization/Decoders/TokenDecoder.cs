namespace LongContext.Tokenization.Decoders;

/// <summary>Turns pieces back into text: the "decoder" of tokenizer.json. The text is what the pieces spell in the end.</summary>
internal abstract class TokenDecoder
{
    private const string Supported = "none, Sequence, ByteLevel, Metaspace, BPEDecoder, Replace, ByteFallback, Fuse, Strip";

    /// <summary>Rewrites the pieces in place.</summary>
    public abstract void Apply(List<string> pieces);

    public static TokenDecoder Read(JsonField field)
    {
        string type = field.Required("type").Text();
        return type switch
        {
            "Sequence" => new SequenceDecoder([.. field.Required("decoders").Items().Select(Read)]),
            "ByteLevel" => new ByteLevelDecoder(),
            "BPEDecoder" => BpeDecoder.ReadBpe(field),
            "Metaspace" => new MetaspaceDecoder(MetaspaceSettings.Read(field)),
            "Replace" => new ReplaceDecoder(TextReplacement.Read(field)),
            "ByteFallback" => new ByteFallbackDecoder(),
            "Fuse" => new FuseDecoder(),
            "Strip" => StripDecoder.ReadStrip(field),
            _ => throw field.Unsupported($"the decoder type '{type}'", Supported),
        };
    }
}
