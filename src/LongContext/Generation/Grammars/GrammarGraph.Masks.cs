using System.Numerics;
using System.Runtime.InteropServices;

namespace LongContext.Generation.Grammars;

internal sealed partial class GrammarGraph
{
    /// <summary>64 MB of masks.</summary>
    private const long MostMaskWords = 8 << 20;

    /// <summary>Places and nodes of the tokens' tree that may be looked at for one mask: about a tenth of a second.</summary>
    private const long MostWork = 2 << 20;

    /// <summary>What is looked at for a set of places before they are taken one by one.</summary>
    private const long WorkTogether = 1 << 20;

    private long maskWords, spent = long.MinValue;

    /// <summary>What was looked at for the mask that is being found.</summary>
    public long Spent => spent;

    /// <summary>Whether nodes stand for others.</summary>
    private bool HasTwins { get; set; }

    /// <summary>The tokens that can follow a state: found once, and kept as long as there is room for all.</summary>
    /// <param name="state">The state.</param>
    /// <param name="trie">The tokens.</param>
    /// <param name="work">Places and nodes of the tree that were looked at for it.</param>
    /// <exception cref="NoTokenAllowedException">The grammar is so ambiguous that it takes too long.</exception>
    /// <remarks>
    /// Two things make that short where characters are repeated up to a limit, of which there are endlessly many sets of places. Repeats that are too far from their ends for one token to tell are one. And as a token can
    /// follow a set of places where it can follow one of them, the masks of single places are found once and put together for each set.
    /// </remarks>
    public ulong[] Allowed(GrammarState state, TokenTrie trie, out long work)
    {
        work = 0;
        if (state.Mask is { } known) return known;
        spent = 0;
        try
        {
            return Mask(state, trie);
        }
        finally
        {
            work = spent;
            spent = long.MinValue;
        }
    }

    /// <summary>The most characters of one class that may follow a state whatever they are, and the class.</summary>
    public int FreeCharacters(GrammarState state, out int characterClass)
    {
        int most = characterClass = 0;
        foreach ((int index, GrammarStack? stack) in state.Places)
        {
            GrammarNode node = nodes[index];
            (int here, int own) = (node.FreeCharacters, node.Class);
            if (node.BeginsClass >= 0 && nodes[stack!.Return] is var after && after.Class == node.BeginsClass)
                (here, own) = (after.FreeCharacters == int.MaxValue ? int.MaxValue : after.FreeCharacters + 1, node.BeginsClass);
            if (here > most) (most, characterClass) = (here, own);
        }

        return most;
    }

    /// <summary>Bounds what is looked at from here on as for one mask.</summary>
    public void Bound() => spent = 0;

    /// <summary>Counts what is looked at.</summary>
    /// <exception cref="NoTokenAllowedException">It is too much for one mask.</exception>
    public void Spend(int count)
    {
        if ((spent += count) > MostWork)
            throw new NoTokenAllowedException("The grammar is too ambiguous: finding the tokens that may come next takes too long. Make alternatives (anyOf, pattern) differ earlier, or repetitions simpler.") { IsOfGrammar = true };
    }

    private ulong[] Mask(GrammarState state, TokenTrie trie)
    {
        if (state.Mask is { } known) return known;
        GrammarState canonical = Canonical(state);
        return state.Mask = canonical.Mask ??= Keep(Found(canonical, trie));
    }

    private ulong[] Found(GrammarState state, TokenTrie trie)
    {
        if (state.Places.Length == 1 || !state.Places.Any(IsRepeated)) return trie.Allowed(this, state)!;
        var mask = new ulong[trie.MaskWords];
        List<(int Node, GrammarStack? Stack)> others = [];
        foreach ((int Node, GrammarStack? Stack) place in state.Places)
        {
            if (IsRepeated(place) && Known([place], isComplete: false).Mask is { } known) Add(known);
            else others.Add(place);
        }

        if (others.Count == 0) return mask;
        // Together, if that is soon done: what many places lead to is often the same.
        GrammarState together = Known([.. others], isComplete: false);
        if ((together.Mask ?? trie.Allowed(this, together, spent + WorkTogether)) is { } found)
        {
            Add(found);
            return mask;
        }

        foreach ((int Node, GrammarStack? Stack) place in others.Where(IsRepeated)) Add(Single(Known([place], isComplete: false)));
        others.RemoveAll(IsRepeated);
        if (others.Count > 0) Add(Single(Known([.. others], isComplete: false)));
        return mask;

        ulong[] Single(GrammarState part) => part.Mask ??= Keep(trie.Allowed(this, part)!);

        void Add(ulong[] own)
        {
            Span<Vector<ulong>> all = MemoryMarshal.Cast<ulong, Vector<ulong>>(mask.AsSpan());
            ReadOnlySpan<Vector<ulong>> more = MemoryMarshal.Cast<ulong, Vector<ulong>>(own.AsSpan());
            for (int i = 0; i < all.Length; i++) all[i] |= more[i];
            for (int i = all.Length * Vector<ulong>.Count; i < mask.Length; i++) mask[i] |= own[i];
            Spend(mask.Length >> 3);
        }
    }

    private bool IsRepeated((int Node, GrammarStack? Stack) place) => nodes[place.Node].IsRepeated || (place.Stack is { } stack && nodes[stack.Return].IsRepeated);

    private ulong[] Keep(ulong[] mask)
    {
        maskWords += mask.Length;
        if (maskWords > MostMaskWords)
        {
            foreach (GrammarState old in states.Values) old.Mask = null;
            maskWords = mask.Length;
        }

        return mask;
    }

    private GrammarState Canonical(GrammarState state)
    {
        if (!HasTwins) return state;
        if (state.Canonical is { } known) return known;
        var places = new HashSet<(int, GrammarStack?)>();
        bool isOwn = true;
        foreach ((int node, GrammarStack? stack) in state.Places)
        {
            (int Node, GrammarStack? Stack) place = (Twin(node), Canonical(stack));
            isOwn &= place.Node == node && ReferenceEquals(place.Stack, stack);
            places.Add(place);
        }

        return state.Canonical = isOwn ? state : Known([.. places], isComplete: false);
    }

    private int Twin(int node) => nodes[node].Twin is >= 0 and var twin ? twin : node;

    private GrammarStack? Canonical(GrammarStack? stack)
    {
        if (stack is null) return null;
        if (stack.Canonical is { } known) return known;
        GrammarStack? parent = Canonical(stack.Parent);
        int next = Twin(stack.Return);
        bool isOwn = next == stack.Return && ReferenceEquals(parent, stack.Parent);
        return stack.Canonical = isOwn ? stack : Push(next, parent, nests: stack.Depth > (stack.Parent?.Depth ?? 0))!;
    }
}
