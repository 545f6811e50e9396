using System.Text;
using LongContext.Checkpoints;
using LongContext.Tokenization;

namespace LongContext.Samples.Shared.Extension;

/// <summary>Text to ids and back for a model's folder: its tokenizer.json, or, where there is none, bytes as ids.</summary>
internal sealed class TokenText
{
    private readonly HuggingFaceTokenizer? tokenizer;
    private readonly int vocabularySize;

    public TokenText(string folder, ModelConfig config)
    {
        vocabularySize = config.VocabularySize;
        if (File.Exists(Path.Combine(folder, "tokenizer.json"))) tokenizer = HuggingFaceTokenizer.Load(folder);
        else Console.WriteLine($"{folder} has no tokenizer.json: bytes are taken as token ids.");
    }

    /// <summary>Ids without special tokens.</summary>
    public int[] Encode(string text)
    {
        if (tokenizer is not null) return tokenizer.Encode(text, addSpecialTokens: false);
        int[] ids = [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)];
        int outside = Array.FindIndex(ids, id => id >= vocabularySize);
        return outside < 0 ? ids
            : throw new InvalidDataException($"Byte {outside} of the text is {ids[outside]}, but the model has {vocabularySize} tokens and no tokenizer.json.");
    }

    /// <summary>Bytes of UTF-8 that ids stand for.</summary>
    public long ByteCount(ReadOnlySpan<int> ids) =>
        tokenizer is null ? ids.Length : Encoding.UTF8.GetByteCount(tokenizer.Decode(ids.ToArray()));
}
