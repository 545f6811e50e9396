using LongContext.Tokenization.Models;

namespace LongContext.Tokenization;

/// <summary>The text of every id: the model's pieces and the added tokens.</summary>
internal static class TokenTable
{
    private const int MostIds = 1 << 24;
    private const int MostHoles = 1 << 16;

    /// <param name="vocabulary">The model's pieces.</param>
    /// <param name="added">The added tokens.</param>
    /// <param name="fault">Makes an exception of a complaint.</param>
    /// <returns>By id; null where an id is not used.</returns>
    public static string?[] Build(Vocabulary vocabulary, IReadOnlyList<AddedToken> added, Func<string, Exception> fault)
    {
        Dictionary<string, int> fresh = NewTokens(vocabulary, added, fault);
        int size = 0, count = vocabulary.Ids.Count + fresh.Count;
        // Ids may have holes, for each of which memory is spent; real ones have few.
        int limit = (int)Math.Min(MostIds, (4L * count) + MostHoles);
        foreach ((string token, int id) in vocabulary.Ids.Concat(fresh))
        {
            if (id >= limit) throw fault($"the token \"{token}\" has the id {id}, expected less than {limit} with {count} tokens");
            size = Math.Max(size, id + 1);
        }

        var tokens = new string?[size];
        foreach ((string token, int id) in vocabulary.Ids.Concat(fresh))
        {
            if (tokens[id] is { } other) throw fault($"the tokens \"{other}\" and \"{token}\" have the same id {id}");
            tokens[id] = token;
        }

        // Hugging Face's tokenizers number the new ones on from the model's size whatever the file says; a file that says
        // otherwise has ids that nothing was trained with.
        int expected = vocabulary.Ids.Count;
        foreach ((string token, int id) in fresh)
        {
            if (id != expected) throw fault($"the token \"{token}\" has the id {id}, but with {expected} tokens before it the next id is {expected}");
            expected++;
        }

        return tokens;
    }

    /// <summary>Those that are no pieces of the model, in their order.</summary>
    private static Dictionary<string, int> NewTokens(Vocabulary vocabulary, IReadOnlyList<AddedToken> added, Func<string, Exception> fault)
    {
        var fresh = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (AddedToken token in added)
        {
            bool known = vocabulary.TryGetId(token.Content, out int id) || fresh.TryGetValue(token.Content, out id);
            if (known && id != token.Id)
                throw fault($"the token \"{token.Content}\" has the id {token.Id}, but it stands with the id {id} already");
            if (!known) fresh.Add(token.Content, token.Id);
        }

        return fresh;
    }
}
