using LongContext.Tokenization.PreTokenizers;

namespace LongContext.Tokenization;

/// <summary>A thread's own working memory for encoding, so that a text costs no more memory than its tokens.</summary>
internal sealed class EncoderScratch
{
    [ThreadStatic]
    private static EncoderScratch? t_instance;

    /// <summary>Where the tokens go; without their places.</summary>
    public TokenBuffer Ids { get; } = new(keepSpans: false);

    public PreTokenizedText Words { get; } = new();

    /// <summary>Empty memory. Not to be taken again before it was given back.</summary>
    public static EncoderScratch Take()
    {
        EncoderScratch scratch = t_instance ??= new EncoderScratch();
        scratch.Ids.Clear();
        return scratch;
    }

    /// <summary>The tokens, and the memory is free; much of it goes.</summary>
    public int[] GiveBack()
    {
        int[] ids = Ids.Ids.ToArray();
        if (Ids.IsLarge || Words.IsLarge) t_instance = null;
        return ids;
    }
}
