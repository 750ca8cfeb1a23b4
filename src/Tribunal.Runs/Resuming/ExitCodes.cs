namespace Tribunal.Runs.Resuming;

/// <summary>Exit codes of every command.</summary>
public static class ExitCodes
{
    /// <summary>All scored.</summary>
    public const int Ok = 0;

    /// <summary>Some rollouts unscorable or some lines invalid.</summary>
    public const int Partial = 1;

    /// <summary>Usage: the command line, the configuration or an input can't be used.</summary>
    public const int Usage = 2;

    /// <summary>The judge or the storage can't be reached.</summary>
    public const int Unreachable = 3;

    /// <summary>A limit was reached; the run can be resumed.</summary>
    public const int Limit = 4;

    /// <summary>A defect of the tool.</summary>
    public const int Defect = 70;

    /// <summary>Interrupted; the run can be resumed.</summary>
    public const int Interrupted = 130;

    /// <summary>The code of a run that is through.</summary>
    /// <param name="unscorable">Rollouts without rewards.</param>
    /// <param name="invalid">Lines of the batch that were refused.</param>
    public static int Complete(long unscorable, long invalid) => unscorable + invalid > 0 ? Partial : Ok;
}
