namespace LongContext.Data.Mixing;

/// <summary>What a share's limits of length have done, over all passes.</summary>
internal sealed class LengthCounts
{
    private const string DocumentsName = "documents", TooShortName = "too-short", TooShortTokensName = "too-short-tokens", TooLongName = "too-long";

    public long Documents { get; private set; }

    public long TooShort { get; private set; }

    public long TooShortTokens { get; private set; }

    public long TooLong { get; private set; }

    public void Add(long tooShort, long tooShortTokens, bool tooLong)
    {
        Documents++;
        TooShort += tooShort;
        TooShortTokens += tooShortTokens;
        if (tooLong) TooLong++;
    }

    public void Save(StreamState state) => state.Set(DocumentsName, Documents).Set(TooShortName, TooShort).Set(TooShortTokensName, TooShortTokens).Set(TooLongName, TooLong);

    public Action Load(StreamState state)
    {
        long documents = state.GetNumber(DocumentsName, 0), tooShort = state.GetNumber(TooShortName, 0), tokens = state.GetNumber(TooShortTokensName, 0), tooLong = state.GetNumber(TooLongName, 0);
        return () => (Documents, TooShort, TooShortTokens, TooLong) = (documents, tooShort, tokens, tooLong);
    }
}
