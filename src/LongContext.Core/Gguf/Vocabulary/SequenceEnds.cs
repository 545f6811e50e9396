using LongContext.Tokenization;

namespace LongContext.Gguf.Vocabulary;

/// <summary>The tokens that tokenizer.json's post-processor puts before and after a text; null for none.</summary>
internal sealed record SequenceEnds(string? Before, string? After)
{
    /// <exception cref="NotSupportedException">More than one token on a side, or a part that llama.cpp has no counterpart for.</exception>
    public static SequenceEnds Read(TokenizerJson tokenizer)
    {
        if (tokenizer.Root.Optional("post_processor") is not { } field) return new SequenceEnds(null, null);
        JsonField[] parts = field.Required("type").Text() == "Sequence" ? [.. field.Required("processors").Items()] : [field];
        var ends = new SequenceEnds(null, null);
        foreach (JsonField part in parts)
        {
            string type = part.Required("type").Text();
            if (type == "TemplateProcessing") ends = ReadTemplate(part.Required("single"));
            else if (type != "ByteLevel") throw part.Unsupported($"post_processor \"{type}\" in a GGUF file", "TemplateProcessing, ByteLevel");
        }

        return ends;
    }

    private static SequenceEnds ReadTemplate(JsonField template)
    {
        string? before = null, after = null;
        bool passed = false;
        foreach (JsonField item in template.Items())
        {
            if (item.Optional("Sequence") is not null) passed = true;
            else if (!passed && before is null) before = item.Required("SpecialToken").Required("id").Text();
            else if (passed && after is null) after = item.Required("SpecialToken").Required("id").Text();
            else throw item.Unsupported("a second token on one side of the text in a GGUF file", "at most one before and one after");
        }

        return new SequenceEnds(before, after);
    }
}
