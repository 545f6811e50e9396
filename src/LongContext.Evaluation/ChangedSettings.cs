namespace LongContext.Evaluation;

/// <summary>What happens where a folder has results of a model, strategy or task of the same name but with other settings.</summary>
public enum ChangedSettings
{
    /// <summary>The run is refused, with all differences named.</summary>
    Refuse,

    /// <summary>Results of what has changed are measured again; all others are kept. Answers to requests that are the same are kept too.</summary>
    MeasureAgain,
}
