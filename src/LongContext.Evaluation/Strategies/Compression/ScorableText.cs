using LongContext.Evaluation.Strategies.Cutting;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>A text's tokens and where each begins.</summary>
internal sealed class ScorableText
{
    public ScorableText(Tokenizer tokenizer, string text)
    {
        TokenPlaces places = new(tokenizer, text);
        if (places.Starts is { } starts)
        {
            (Ids, Starts) = (places.Ids, starts);
            return;
        }

        // A tokenizer that changes the text does not say where its tokens lie in it: word by word it is known to the word.
        List<int> ids = [], begins = [];
        int begin = 0;
        foreach (int end in UnitBorders.Words(text))
        {
            foreach (EncodedToken token in TokenText.EncodeBare(tokenizer, text[begin..end], out _))
            {
                ids.Add(token.Id);
                begins.Add(begin);
            }

            begin = end;
        }

        (Ids, Starts) = ([.. ids], [.. begins]);
    }

    public int[] Ids { get; }

    public int[] Starts { get; }
}
