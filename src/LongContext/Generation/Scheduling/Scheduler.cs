using LongContext.Generation.Running;
using LongContext.Generation.Sampling;

namespace LongContext.Generation.Scheduling;

/// <summary>
/// Decides what the next step computes: the next token of each running sequence, then prompts in chunks, as far as tokens, operations and pages reach. Order is by priority, then by arrival; who comes
/// first gets pages first, at the cost of the last one where there is none.
/// </summary>
/// <param name="cache">Gives out pages.</param>
/// <param name="stepTokens">Tokens of a step, at most.</param>
/// <param name="maximumSequences">Sequences that run, at most.</param>
/// <param name="work">What tokens cost; null to count tokens alone.</param>
/// <param name="overtakingLimit">See <see cref="GenerationEngineOptions.OvertakingLimit"/>.</param>
/// <param name="drafts">The draft model; null for none.</param>
/// <param name="scoreRows">Rows of scores that a step has room for, which bounds how many tokens of prompts are scored in it; null for as many as there are tokens.</param>
/// <remarks>
/// <para>It does not come to a halt: any sequence that was let in fits by itself, and the first of the running ones can take the pages of all others. So the first of all comes to its end within as many
/// steps as it has tokens, and then the next.</para>
/// <para>Prompts of equal length go one after another, which gives each its first token as early as can be; a long one leaves half of a step to much shorter ones behind it.</para>
/// <para>Nobody waits for ever. Within a priority the oldest goes first, and is never sent back. Where later ones of higher priorities went before it too often, the oldest that is not yet answered is
/// favoured: it goes before all. One is at a time, so that a long queue of low priority does not turn the order round.</para>
/// </remarks>
internal sealed class Scheduler(PagedCache cache, int stepTokens, int maximumSequences, StepWork? work = null, int? overtakingLimit = null, DraftGuesser? drafts = null, int? scoreRows = null)
{
    /// <summary>A step goes on with a prompt by so many tokens at least, however much they are.</summary>
    private const int FewestTokens = 16;

    /// <summary>A prompt is a short one beside another that has so many times its tokens before it.</summary>
    private const int ShorterBy = 4;

    /// <summary>The first at the end.</summary>
    private readonly List<EngineSequence> waiting = [];
    private readonly List<EngineSequence> running = [];
    private readonly List<EngineSequence> planned = [];
    private readonly double stepWork = work?.Limit(stepTokens) ?? double.PositiveInfinity;
    private EngineSequence? favoured;
    private int overtakings;

    /// <summary>Sequences that are computed, the first at the beginning.</summary>
    public IReadOnlyList<EngineSequence> Running => running;

    /// <summary>Sequences in the step that was planned last, in the batch's order.</summary>
    public List<EngineSequence> Planned => planned;

    public int WaitingCount => waiting.Count;

    public bool HasWork => waiting.Count + running.Count > 0;

    /// <summary>Times that a sequence was sent back.</summary>
    public long Preemptions { get; private set; }

    /// <summary>Adds a sequence to those that wait.</summary>
    public void Add(EngineSequence sequence)
    {
        int low = 0, high = waiting.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sequence.CompareTo(waiting[middle]) < 0) low = middle + 1;
            else high = middle;
        }

        waiting.Insert(low, sequence);
    }

    /// <summary>Takes a sequence out and gives its pages back; what others may use of them is kept.</summary>
    public void Remove(EngineSequence sequence)
    {
        if (!running.Remove(sequence)) waiting.Remove(sequence);
        if (favoured == sequence) favoured = null;
        Drop(sequence);
    }

    /// <summary>Takes out those whose callers gave up.</summary>
    public void RemoveAbandoned(Action<EngineSequence> removed)
    {
        for (int i = running.Count - 1; i >= 0; i--)
        {
            if (running[i].Stream.IsAbandoned) RemoveAt(running, i, removed);
        }

        for (int i = waiting.Count - 1; i >= 0; i--)
        {
            if (waiting[i].Stream.IsAbandoned) RemoveAt(waiting, i, removed);
        }
    }

    /// <summary>Takes out those of the waiting whose tokens need more than some bytes.</summary>
    public void RemoveLarger(long bytes, Action<EngineSequence> removed)
    {
        for (int i = waiting.Count - 1; i >= 0; i--)
        {
            if (cache.NeededBytes(waiting[i], waiting[i].Count, 1) > bytes) RemoveAt(waiting, i, removed);
        }
    }

    /// <summary>Takes out all.</summary>
    public void RemoveAll(Action<EngineSequence> removed)
    {
        for (int i = running.Count - 1; i >= 0; i--) RemoveAt(running, i, removed);
        for (int i = waiting.Count - 1; i >= 0; i--) RemoveAt(waiting, i, removed);
    }

    /// <summary>Lets in whom there is room for, and fills a step.</summary>
    /// <param name="batch">The step; emptied first. It stays empty where nobody runs, or where nobody can get a page, which happens only where the machine has less memory than was thought.</param>
    /// <param name="admitted">Told of each sequence that begins.</param>
    public void Plan(StepBatch batch, Action<EngineSequence> admitted)
    {
        batch.Clear();
        planned.Clear();
        Admit(admitted);
        int decoding = 0, rows = scoreRows ?? int.MaxValue, likely = 0;
        double left = stepWork;
        foreach (EngineSequence sequence in running)
        {
            // Each may have the row that its next token is chosen by.
            rows--;
            if (!sequence.Decodes) continue;
            decoding++;
            likely += sequence.MostGuesses;
            left -= Work(sequence, 1);
        }

        bool first = true;
        // The first prompt that chooses does so in one piece: guesses, and prompts before it, leave it room in that one step. Of what is left beside it guesses take half, so that prompts before it go on.
        EngineSequence? chooser = running.Find(static sequence => sequence.Chooses);
        int spare = stepTokens - decoding, choosing = chooser is null ? 0 : chooser.PromptLength - chooser.Cached;
        int guesses = running.Count > decoding ? Math.Max(0, spare - choosing) / 2 : spare;
        // Whoever chooses has rows for all of its tokens that do so. A guess has one, and prompts that are scored get what guesses leave.
        if (chooser is not null) rows -= chooser.Selection!.ObservedTokens - 1;
        guesses = Math.Min(guesses, Math.Max(0, rows));
        rows -= Math.Min(likely, guesses);
        for (int i = 0; i < running.Count; i++)
        {
            EngineSequence sequence = running[i];
            (sequence.StepTokens, sequence.StepGuesses, sequence.StepSelects) = (0, 0, false);
            if (sequence.Decodes)
            {
                int guessed = Guess(sequence, Math.Min(guesses, spare)), got = Grow(sequence, 1 + guessed, i);
                if (got == 0) continue;
                (sequence.StepTokens, sequence.StepGuesses) = (got, got - 1);
                guesses -= got - 1;
                spare -= got - 1;
            }
            else
            {
                Extend(sequence);
                if (sequence == chooser) (chooser, choosing) = (null, 0);
                bool shares = !sequence.Chooses && HasShorterBehind(i);
                int there = Math.Max(0, spare - choosing);
                int most = Affordable(sequence, shares ? (there + 1) / 2 : there, shares ? left / 2 : left, first), wanted = Chunk(sequence, Scorable(sequence, most, rows, first)), got = wanted == 0 ? 0 : Grow(sequence, wanted, i);
                if (got == 0) continue;
                sequence.StepSelects = sequence.Selects && sequence.Cached + wanted == sequence.PromptLength;
                if (sequence.StepSelects) got = GrowToChoose(sequence, got, wanted, i);
                if (got == 0) continue;
                sequence.StepTokens = got;
                spare -= got;
                left -= Work(sequence, got);
                rows -= sequence.PromptScores?.Unread(sequence.Cached, got) ?? 0;
                first = false;
            }

            planned.Add(sequence);
        }

        foreach (EngineSequence sequence in planned)
        {
            sequence.StepWork = work is null ? sequence.StepTokens : Work(sequence, sequence.StepTokens);
            Put(sequence, batch);
        }
    }

    /// <summary>Whether a prompt leaves half of a step to those behind it: equals go one after another, but a short one of the same priority does not wait for all of a long one.</summary>
    private bool HasShorterBehind(int rank)
    {
        EngineSequence sequence = running[rank];
        for (int i = rank + 1; i < running.Count && running[i].Priority == sequence.Priority; i++)
        {
            if (running[i].Pending > 1 && (long)running[i].Pending * ShorterBy <= sequence.Pending) return true;
        }

        return false;
    }

    /// <summary>Tokens of a prompt that a step has time for. The first prompt always goes on.</summary>
    private int Affordable(EngineSequence sequence, int most, double left, bool first)
    {
        // The tokens that choose from a prompt go together, whatever they cost.
        if (work is null || sequence.Chooses) return most;
        int within = work.Within(sequence.Cached, most, left, sequence.Dropped, sequence.Sinks);
        return first ? Math.Max(within, Math.Min(most, FewestTokens)) : within;
    }

    /// <summary>Tokens of a prompt that a step has rows of scores for, where each is wanted.</summary>
    private static int Scorable(EngineSequence sequence, int most, int rows, bool first)
    {
        // The tokens that choose from a prompt go together, and their rows are wanted anyway.
        if (sequence.PromptScores is not { IsComplete: false } scores || sequence.Chooses) return most;
        // Rows that were read before it was sent back are not asked for again. The first prompt always goes on.
        return (int)Math.Min(most, (long)Math.Max(0, scores.Rows - sequence.Cached) + Math.Max(first ? 1 : 0, rows));
    }

    /// <summary>Operations of a sequence's next tokens; 0 where tokens alone count.</summary>
    private double Work(EngineSequence sequence, int count) => work?.Of(sequence.Cached, count, sequence.Dropped, sequence.Sinks) ?? 0;

    private static void Put(EngineSequence sequence, StepBatch batch)
    {
        bool wantsLogits = sequence.Cached + sequence.StepTokens - sequence.StepGuesses == sequence.Count;
        // Rows behind which tokens are chosen come last, those of the prompt's own tokens right before them.
        int ofPrompt = sequence.PromptScores?.Unread(sequence.Cached, sequence.StepTokens) ?? 0, chosen = wantsLogits ? 1 + sequence.StepGuesses : 0;
        var step = new StepSequence
        {
            CachedTokens = sequence.Cached,
            FrequencyLength = sequence.FrequencyLength(sequence.StepTokens),
            LogitCount = Math.Max(ofPrompt + chosen, sequence.StepSelects ? sequence.Selection!.ObservedTokens : 0),
            // A guess of the draft model that was drawn is checked against the whole distribution, and a token of a prompt need not be among the likeliest.
            Need = ofPrompt > 0 || (sequence.StepDrafted && sequence.StepGuesses > 0 && sequence.Options.Temperature > 0) ? RowNeed.Whole : sequence.Sampler.Need,
            Pages = sequence.Pages,
            Remapping = sequence.Remapping,
            Sinks = sequence.Sinks,
            Dropped = sequence.Dropped,
            Choice = sequence.StepSelects ? sequence.Choice : null,
        };
        int end = batch.Add(step, sequence.Tokens.AsSpan(sequence.Cached, sequence.StepTokens)) + step.LogitCount;
        sequence.StepRow = wantsLogits ? end - chosen : -1;
        (sequence.StepScores, sequence.StepScoresRow) = (ofPrompt, end - chosen - ofPrompt);
    }

    private void Drop(EngineSequence sequence)
    {
        cache.Drop(sequence);
        drafts?.Drop(sequence);
    }

    private void RemoveAt(List<EngineSequence> list, int index, Action<EngineSequence> removed)
    {
        EngineSequence sequence = list[index];
        list.RemoveAt(index);
        if (favoured == sequence) favoured = null;
        Drop(sequence);
        removed(sequence);
    }

    private void Admit(Action<EngineSequence> admitted)
    {
        while (waiting.Count > 0 && running.Count < maximumSequences)
        {
            EngineSequence sequence = waiting[^1];
            int there = cache.Match(sequence, out long shared);
            if (running.Count > 0 && !HasRoom(sequence, shared)) return;
            waiting.RemoveAt(waiting.Count - 1);
            Take(sequence, there);
            int place = running.Count;
            while (place > 0 && sequence.CompareTo(running[place - 1]) < 0) place--;
            running.Insert(place, sequence);
            if (!sequence.Began) CountOvertaking(sequence);
            admitted(sequence);
        }
    }

    /// <summary>Notes that a sequence begins, and whom it overtakes; favours the oldest of those where that was once too often.</summary>
    private void CountOvertaking(EngineSequence sequence)
    {
        if (overtakingLimit is not { } limit || favoured is not null) return;
        EngineSequence? oldest = null;
        // Both lists have those of the lowest priority at their end that is looked at first: mostly there is none.
        for (int i = 0; i < waiting.Count && waiting[i].Priority < sequence.Priority; i++) Consider(waiting[i]);
        for (int i = running.Count - 1; i >= 0 && running[i].Priority < sequence.Priority; i--)
        {
            // Whose answer is being made has a token in each step.
            if (running[i].Pending > 1) Consider(running[i]);
        }

        if (oldest is null || ++overtakings < limit) return;
        (overtakings, favoured, oldest.IsFavoured) = (0, oldest, true);
        if (waiting.Remove(oldest))
        {
            Add(oldest);
        }
        else
        {
            running.Remove(oldest);
            running.Insert(0, oldest);
        }

        void Consider(EngineSequence other)
        {
            if (other.Arrival < sequence.Arrival && (oldest is null || other.Arrival < oldest.Arrival)) oldest = other;
        }
    }

    /// <summary>Whether all tokens of a sequence have room beside what the running ones have and still need for the tokens they have now.</summary>
    private bool HasRoom(EngineSequence sequence, long shared)
    {
        long needed = cache.UsedBytes + cache.NeededBytes(sequence, sequence.Count + 1, stepTokens) - shared;
        foreach (EngineSequence other in running)
        {
            int placed = cache.Placed(other);
            if (placed <= other.Count) needed += cache.NeededBytes(other, other.Count + 1, stepTokens) - cache.Needs.Bytes(placed, stepTokens, other.Sinks, other.Dropped);
        }

        return needed <= cache.BudgetBytes;
    }

    /// <summary>Uses what others have computed since of the tokens that come next.</summary>
    private void Extend(EngineSequence sequence) => Take(sequence, cache.Match(sequence, out _));

    private void Take(EngineSequence sequence, int there)
    {
        int before = sequence.Cached;
        if (there <= before || !cache.Adopt(sequence, there)) return;
        if (sequence is { Preemptions: 0, Made: 0 }) sequence.ReusedTokens += there - before;
    }

    private static int Guess(EngineSequence sequence, int most)
    {
        if (sequence.PreparedGuesses < 0)
        {
            sequence.StepDrafted = false;
            return sequence.LookUp(most);
        }

        int prepared = Math.Min(sequence.PreparedGuesses, Math.Max(0, most));
        sequence.PreparedGuesses = 0;
        return prepared;
    }

    /// <summary>Tokens of a prompt for this step; where more follow, up to the end of a page, so that others can use it, unless that were less than half of them.</summary>
    private int Chunk(EngineSequence sequence, int most)
    {
        int wanted = sequence.AtOneFrequency(Math.Min(sequence.Pending, most));
        if (sequence.Selects)
        {
            // The prompt's last tokens choose together, and what follows sees only what they chose.
            int rest = sequence.PromptLength - sequence.Cached, before = rest - sequence.Selection!.ObservedTokens;
            if (wanted >= rest) return rest;
            wanted = Math.Min(wanted, before);
            if (wanted == before) return wanted;
        }

        if (wanted == sequence.Pending) return wanted;
        int end = (sequence.Cached + wanted) / cache.PageTokens * cache.PageTokens;
        return 2 * (end - sequence.Cached) >= wanted ? end - sequence.Cached : wanted;
    }

    /// <summary>Gets all pages for a step that chooses, since its tokens go together and what they choose needs a place, at the cost of the last ones.</summary>
    /// <returns>All tokens wanted; or, where they cannot be had and so nothing is chosen in this step, those before the ones that choose.</returns>
    private int GrowToChoose(EngineSequence sequence, int got, int wanted, int rank)
    {
        while (got < wanted && running.Count - 1 > rank)
        {
            SendBack();
            got = Grow(sequence, wanted, rank);
        }

        if (got == wanted && Reserve(sequence, rank)) return got;
        sequence.StepSelects = false;
        return Math.Max(0, Math.Min(got, wanted - sequence.Selection!.ObservedTokens));
    }

    /// <summary>Gets the pages for what is kept of a prompt, at the cost of the last ones.</summary>
    private bool Reserve(EngineSequence sequence, int rank)
    {
        while (!cache.ReserveSelection(sequence))
        {
            if (running.Count - 1 <= rank) return false;
            SendBack();
        }

        return true;
    }

    /// <summary>Gets pages for some of the wanted tokens, at the cost of the last ones where not even one token has a place.</summary>
    /// <returns>Tokens that can be computed.</returns>
    private int Grow(EngineSequence sequence, int wanted, int rank)
    {
        while (true)
        {
            int room = cache.Grow(sequence, sequence.Cached + wanted) - sequence.Cached;
            if (room > 0) return Math.Min(room, wanted);
            if (running.Count - 1 <= rank) return 0;
            SendBack();
        }
    }

    /// <summary>Takes the last one's pages.</summary>
    private void SendBack()
    {
        EngineSequence last = running[^1];
        running.RemoveAt(running.Count - 1);
        Drop(last);
        last.StepTokens = 0;
        last.Preemptions++;
        Preemptions++;
        Add(last);
    }
}
