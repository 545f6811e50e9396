using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

public sealed class AddedTokenMatcherTests
{
    [Fact]
    public void TryGetNext_RandomTokens_FindsTheLeftmostAndOfThoseTheLongest()
    {
        var random = new Random(4);
        for (int round = 0; round < 2_000; round++)
        {
            // Few letters, so that many tokens begin others; some twice, of which the first counts.
            (string Text, AddedToken Token)[] tokens = [.. Enumerable.Range(0, random.Next(1, 12)).Select(id =>
                (Word(random, random.Next(1, 6)), new AddedToken(id, "any")))];
            var matcher = new AddedTokenMatcher(tokens);
            string text = Word(random, random.Next(0, 40));
            var found = new List<(int Start, int End, int Id)>();
            for (int from = 0, search = 0; matcher.TryGetNext(text, from, ref search, out int start, out int end, out AddedToken token); from = end)
                found.Add((start, end, token.Id));
            Assert.Equal(ByDefinition(tokens, text), found);
        }
    }

    [Fact]
    public async Task TryGetNext_ManyLongTokensOfOneLetter_LooksAtFew()
    {
        (string Text, AddedToken Token)[] tokens = [.. Enumerable.Range(1, 3_000).Select(length => (new string('a', length) + "b", new AddedToken(length, "any")))];
        var matcher = new AddedTokenMatcher(tokens.Append(("a", new AddedToken(0, "a"))));
        string text = new('a', 20_000);
        int count = await Deadline.Run(() =>
        {
            int found = 0;
            for (int from = 0, search = 0; matcher.TryGetNext(text, from, ref search, out _, out int end, out _); from = end) found++;
            return found;
        });
        Assert.Equal(text.Length, count);
    }

    private static string Word(Random random, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "ab🙂"[random.Next(4)]));

    private static IEnumerable<(int Start, int End, int Id)> ByDefinition((string Text, AddedToken Token)[] tokens, string text)
    {
        for (int at = 0; at < text.Length;)
        {
            (string Text, AddedToken Token)[] here = [.. tokens.Where(entry => string.CompareOrdinal(text, at, entry.Text, 0, entry.Text.Length) == 0)];
            if (here.Length == 0)
            {
                at++;
                continue;
            }

            (string longest, AddedToken token) = here.OrderByDescending(entry => entry.Text.Length).First();
            yield return (at, at + longest.Length, token.Id);
            at += longest.Length;
        }
    }
}
