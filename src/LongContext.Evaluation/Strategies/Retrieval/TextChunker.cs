using LongContext.Data.Making;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>Cuts a text into passages that cover all of it.</summary>
internal static class TextChunker
{
    public static List<TextChunk> Split(string text, ChunkingOptions options, Tokenizer tokenizer)
    {
        UnitRuler ruler = UnitRuler.For(text, options.Unit, tokenizer);
        List<int> sentences = options.KeepsSentences ? SentenceBorders.Of(text) : [];
        List<TextChunk> chunks = [];
        int covered = 0; // every passage ends further right than the one before
        for (int start = 0; start < text.Length;)
        {
            int end = WholeCharacter(text, Math.Max(ruler.Advance(start, options.Size), covered + 1));
            if (end < text.Length && options.KeepsSentences) end = BestEnd(text, Math.Max(start + ((end - start) / 2), covered), end, sentences);
            covered = end;
            chunks.Add(new TextChunk(chunks.Count, start, text[start..end]));
            if (end == text.Length) break;
            start = options.Overlap == 0 ? end : NextStart(text, ruler, options, sentences, start, end);
        }

        return chunks;
    }

    private static int NextStart(string text, UnitRuler ruler, ChunkingOptions options, List<int> sentences, int start, int end)
    {
        int next = ruler.Retreat(end, options.Overlap);
        if (!TextUnits.IsBorder(text, next)) next++;
        if (options.KeepsSentences)
        {
            int sentence = sentences.BinarySearch(next);
            sentence = sentence >= 0 ? next : sentences[~sentence];
            if (sentence < end) next = sentence;
            else if (!IsWordStart(text, next))
            {
                int word = next + 1;
                while (word < end && !IsWordStart(text, word)) word++;
                next = word;
            }
        }

        return next > start ? next : end; // a passage cut short at a sentence may be no longer than the overlap
    }

    /// <summary>The last end of a sentence, else of a word, behind the half; else where the units end.</summary>
    private static int BestEnd(string text, int half, int end, List<int> sentences)
    {
        int found = sentences.BinarySearch(end);
        if (found < 0) found = ~found - 1;
        if (found >= 0 && sentences[found] > half) return sentences[found];
        for (int place = end; place > half; place--)
        {
            if (IsWordStart(text, place)) return place;
        }

        return end;
    }

    private static bool IsWordStart(string text, int place) =>
        place > 0 && place < text.Length && TextUnits.IsSpace(text[place - 1]) && !TextUnits.IsSpace(text[place]);

    private static int WholeCharacter(string text, int place) => TextUnits.IsBorder(text, place) ? place : place + 1;
}
