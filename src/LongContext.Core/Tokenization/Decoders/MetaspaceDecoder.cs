namespace LongContext.Tokenization.Decoders;

/// <summary>Spells the replacement character as a blank again, and leaves it out of the first piece where one is put in front.</summary>
internal sealed class MetaspaceDecoder(MetaspaceSettings settings) : TokenDecoder
{
    public override void Apply(List<string> pieces)
    {
        string replacement = settings.Replacement.ToString();
        for (int i = 0; i < pieces.Count; i++)
            pieces[i] = pieces[i].Replace(replacement, i == 0 && settings.Prepends ? "" : " ", StringComparison.Ordinal);
    }
}
