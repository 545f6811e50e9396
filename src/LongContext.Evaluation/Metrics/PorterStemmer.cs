using System.Buffers;
using System.Collections.Frozen;

namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Porter's stemmer (Porter 1980, "An algorithm for suffix stripping", Program 14) with the changes that NLTK makes by default, which Google's ROUGE
/// uses: Porter's own later ones (logi, bli), a few of NLTK's, and a list of irregular words.
/// </summary>
/// <remarks>For lower-case words of a–z and 0–9; a digit counts as a consonant.</remarks>
internal static class PorterStemmer
{
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiou");

    private static readonly FrozenDictionary<string, string> Irregular = new Dictionary<string, string>
    {
        ["sky"] = "sky", ["skies"] = "sky", ["dying"] = "die", ["lying"] = "lie", ["tying"] = "tie", ["news"] = "news",
        ["innings"] = "inning", ["inning"] = "inning", ["outings"] = "outing", ["outing"] = "outing", ["cannings"] = "canning", ["canning"] = "canning",
        ["howe"] = "howe", ["proceed"] = "proceed", ["exceed"] = "exceed", ["succeed"] = "succeed",
    }.ToFrozenDictionary();

    // Steps 2 and 3: the first suffix that fits is taken, and changed where the measure of what stands before it is above 0.
    private static readonly (string Suffix, string Instead)[] DoubleSuffixes =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"), ("alli", "al"), ("entli", "ent"),
        ("eli", "e"), ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"),
        ("ousness", "ous"), ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
    ];

    private static readonly (string Suffix, string Instead)[] AdjectiveSuffixes =
        [("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

    private static readonly string[] LastSuffixes =
        ["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"];

    public static string Stem(string word)
    {
        if (Irregular.TryGetValue(word, out string? stem)) return stem;
        if (word.Length <= 2) return word;
        return Step5(Step4(Step3(Step2(Step1c(Step1b(Step1a(word)))))));
    }

    private static string Step1a(string word)
    {
        if (word.EndsWith("ies", StringComparison.Ordinal) && word.Length == 4) return word[..^1]; // NLTK: dies → die
        if (word.EndsWith("sses", StringComparison.Ordinal) || word.EndsWith("ies", StringComparison.Ordinal)) return word[..^2];
        return word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal) ? word[..^1] : word;
    }

    private static string Step1b(string word)
    {
        if (word.EndsWith("ied", StringComparison.Ordinal)) return word.Length == 4 ? word[..^1] : word[..^2]; // NLTK: died → die, tried → tri
        if (word.EndsWith("eed", StringComparison.Ordinal)) return Measure(word.AsSpan(..^3)) > 0 ? word[..^1] : word;
        string? rest = word.EndsWith("ed", StringComparison.Ordinal) && HasVowel(word.AsSpan(..^2)) ? word[..^2]
            : word.EndsWith("ing", StringComparison.Ordinal) && HasVowel(word.AsSpan(..^3)) ? word[..^3] : null;
        if (rest is null) return word;
        if (rest.EndsWith("at", StringComparison.Ordinal) || rest.EndsWith("bl", StringComparison.Ordinal) || rest.EndsWith("iz", StringComparison.Ordinal)) return rest + "e";
        if (EndsInDouble(rest)) return rest[^1] is 'l' or 's' or 'z' ? rest : rest[..^1];
        return Measure(rest) == 1 && EndsInShortSyllable(rest) ? rest + "e" : rest;
    }

    // NLTK: y after a consonant that is not the word's only letter, where Porter asks for a vowel anywhere before.
    private static string Step1c(string word) => word.EndsWith('y') && word.Length > 2 && IsConsonant(word, word.Length - 2) ? word[..^1] + "i" : word;

    private static string Step2(string word)
    {
        if (word.EndsWith("alli", StringComparison.Ordinal) && Measure(word.AsSpan(..^4)) > 0) return Step2(word[..^2]); // NLTK goes on with what is left
        if (word.EndsWith("logi", StringComparison.Ordinal)) return Measure(word.AsSpan(..^3)) > 0 ? word[..^1] : word;
        return Replace(word, DoubleSuffixes);
    }

    private static string Step3(string word) => Replace(word, AdjectiveSuffixes);

    private static string Step4(string word)
    {
        foreach (string suffix in LastSuffixes)
        {
            if (!word.EndsWith(suffix, StringComparison.Ordinal)) continue;
            ReadOnlySpan<char> rest = word.AsSpan(..^suffix.Length);
            bool strips = Measure(rest) > 1 && (suffix != "ion" || rest[^1] is 's' or 't');
            return strips ? rest.ToString() : word;
        }

        return word;
    }

    private static string Step5(string word)
    {
        if (word.EndsWith('e'))
        {
            ReadOnlySpan<char> rest = word.AsSpan(..^1);
            int measure = Measure(rest);
            if (measure > 1 || (measure == 1 && !EndsInShortSyllable(rest))) word = rest.ToString();
        }

        return word.EndsWith("ll", StringComparison.Ordinal) && Measure(word.AsSpan(..^1)) > 1 ? word[..^1] : word;
    }

    private static string Replace(string word, (string Suffix, string Instead)[] rules)
    {
        foreach ((string suffix, string instead) in rules)
        {
            if (word.EndsWith(suffix, StringComparison.Ordinal)) return Measure(word.AsSpan(..^suffix.Length)) > 0 ? word[..^suffix.Length] + instead : word;
        }

        return word;
    }

    /// <summary>Porter's m: how often a run of vowels is followed by a run of consonants.</summary>
    private static int Measure(ReadOnlySpan<char> word)
    {
        int measure = 0;
        bool vowelBefore = false;
        for (int i = 0; i < word.Length; i++)
        {
            bool consonant = IsConsonant(word, i);
            if (consonant && vowelBefore) measure++;
            vowelBefore = !consonant;
        }

        return measure;
    }

    private static bool HasVowel(ReadOnlySpan<char> word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            if (!IsConsonant(word, i)) return true;
        }

        return false;
    }

    private static bool EndsInDouble(ReadOnlySpan<char> word) => word.Length >= 2 && word[^1] == word[^2] && IsConsonant(word, word.Length - 1);

    /// <summary>Porter's *o: consonant, vowel, consonant other than w, x, y; and NLTK's: a vowel and a consonant that are the whole word.</summary>
    private static bool EndsInShortSyllable(ReadOnlySpan<char> word) =>
        (word.Length >= 3 && IsConsonant(word, word.Length - 3) && !IsConsonant(word, word.Length - 2) && IsConsonant(word, word.Length - 1) && word[^1] is not ('w' or 'x' or 'y'))
        || (word.Length == 2 && !IsConsonant(word, 0) && IsConsonant(word, 1));

    /// <summary>y is a vowel after a consonant, and a consonant at the beginning or after a vowel.</summary>
    private static bool IsConsonant(ReadOnlySpan<char> word, int index)
    {
        if (Vowels.Contains(word[index])) return false;
        if (word[index] != 'y') return true;
        // A run of y takes turns.
        int run = 0;
        while (index - run > 0 && word[index - run - 1] == 'y') run++;
        int first = index - run;
        bool consonant = first == 0 || Vowels.Contains(word[first - 1]);
        return run % 2 == 0 ? consonant : !consonant;
    }
}
