using System.Text.RegularExpressions;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>Answers RULER's questions from their prompts alone, with made-up passages where there are questions about documents.</summary>
internal static class RulerOracle
{
    public static string Answer(string prompt)
    {
        if (prompt.Contains("special magic", StringComparison.Ordinal)) return Needles(prompt);
        if (prompt.Contains("chain(s) of variable assignment", StringComparison.Ordinal)) return Variables(prompt);
        if (prompt.Contains("numbered list of words", StringComparison.Ordinal))
            return MostFrequent(Regex.Matches(Last(prompt, "Below is a numbered list"), "\\d+\\. ([^ \n]+)").Select(match => match.Groups[1].Value), 10);
        if (prompt.Contains("following coded text", StringComparison.Ordinal))
            return MostFrequent(Words.Of(prompt[..prompt.IndexOf("\nQuestion:", StringComparison.Ordinal)].Split("coded words. ")[1]).Where(word => word != "..."), 3);
        return Question(prompt);
    }

    private static string Needles(string prompt)
    {
        string[] queries = [.. Regex.Match(prompt, "for ([^\n]+) mentioned in the provided text\\?").Groups[1].Value.Split(", ").Select(key => key.StartsWith("and ", StringComparison.Ordinal) ? key[4..] : key)];
        return string.Join(' ', Regex.Matches(prompt, "One of the special magic \\w+ for (.+?) is: (.+?)\\.").Where(match => queries.Contains(match.Groups[1].Value)).Select(match => match.Groups[2].Value));
    }

    private static string Variables(string prompt)
    {
        string text = Last(prompt, "Memorize and track"), value = Regex.Match(text, "are assigned the value (\\d+) in").Groups[1].Value;
        HashSet<string> held = [value];
        foreach (Match line in Regex.Matches(text, "VAR ([A-Z]+) = (?:VAR )?(\\w+)"))
        {
            if (held.Contains(line.Groups[2].Value)) held.Add(line.Groups[1].Value);
        }

        return string.Join(' ', held);
    }

    private static string MostFrequent(IEnumerable<string> words, int count) =>
        string.Join(' ', words.GroupBy(word => word).OrderByDescending(group => group.Count()).Take(count).Select(group => group.Key));

    private static string Question(string prompt)
    {
        string question = Last(prompt, "Question: "), person = Regex.Match(question, "[A-Z][a-z]+ [A-Z][a-z]+(?=( works| born| learn| move|\\?))").Value;
        string fact = question.Contains("born", StringComparison.Ordinal) ? person + " was born in (\\w+)," : question.Contains("trade", StringComparison.Ordinal) ? person + " learned the trade of a \\w+ from (\\w+ \\w+),"
            : question.Contains("move", StringComparison.Ordinal) ? person + " learned [^.]* moved to (\\w+) after" : person + " is a \\w+ and has worked for the (\\w+) company";
        string found = Regex.Match(prompt, fact).Groups[1].Value;
        return question.Contains("company", StringComparison.Ordinal) ? Regex.Match(prompt, $"The {found} company was founded in (\\w+) in").Groups[1].Value : found;
    }

    private static string Last(string text, string mark) => text[text.LastIndexOf(mark, StringComparison.Ordinal)..];
}
