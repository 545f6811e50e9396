namespace LongContext.Data.Making;

/// <summary>What chains are made of.</summary>
public enum MultiHopForm
{
    /// <summary>RULER's variables: one gets a number, the others are assigned each other; all with that number are asked for.</summary>
    Variables,

    /// <summary>Facts in plain words, in any order: a thing is inside another, that one inside a third; the last of the chain is asked for.</summary>
    Facts,
}
