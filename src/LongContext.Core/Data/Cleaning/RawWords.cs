using System.Text;

namespace LongContext.Data.Cleaning;

/// <summary>
/// A text's words as they are written: what stands between white space, punctuation included; in scripts without spaces every letter is a word of its own,
/// and the punctuation about it is none.
/// </summary>
internal sealed class RawWords
{
    private readonly List<(int Start, int End)> places = [];
    private readonly List<bool> alone = [];

    public RawWords(string text)
    {
        Text = text;
        int start = -1;
        bool hasCharacters = false, isAboutLetters = false; // of what stands from start on
        for (int i = 0; i < text.Length; i++)
        {
            CharacterClass found = CharacterClasses.Of(text[i]);
            int length = 1;
            if (found == CharacterClass.Surrogate)
            {
                bool whole = Rune.TryGetRuneAt(text, i, out Rune rune);
                (found, length) = whole ? (CharacterClasses.Of(rune), 2) : (CharacterClass.Removed, 1);
            }

            if (found is CharacterClass.Separator or CharacterClass.Alone)
            {
                if (start >= 0 && (hasCharacters || !(isAboutLetters || found == CharacterClass.Alone))) Add(start, i, isAlone: false);
                start = -1;
                hasCharacters = false;
                isAboutLetters = found == CharacterClass.Alone;
                if (found == CharacterClass.Alone) Add(i, i + length, isAlone: true);
            }
            else
            {
                if (start < 0) start = i;
                hasCharacters |= found == CharacterClass.Word;
            }

            i += length - 1;
        }

        if (start >= 0 && (hasCharacters || !isAboutLetters)) Add(start, text.Length, isAlone: false);
    }

    public string Text { get; }

    public int Count => places.Count;

    public ReadOnlySpan<char> this[int word] => Text.AsSpan(places[word].Start..places[word].End);

    /// <summary>Whether the word is a letter of a script without spaces.</summary>
    public bool IsAlone(int word) => alone[word];

    /// <summary>Code points of a word.</summary>
    public int Length(int word)
    {
        int length = 0;
        foreach (Rune _ in this[word].EnumerateRunes()) length++;
        return length;
    }

    private void Add(int start, int end, bool isAlone)
    {
        places.Add((start, end));
        alone.Add(isAlone);
    }
}
